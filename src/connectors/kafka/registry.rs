//! A schema registry, by the questions that Confluent's answers and others answer as well.
//! <https://docs.confluent.io/platform/current/schema-registry/develop/api.html>
//!
//! What an id stands for never changes, so it is kept; which version is the latest does.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Certificate, Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::options::CatalogOptions;
use crate::error::{Error, Result};
use crate::spi::{Finding, Severity};
use crate::stream::schemas::{SchemaRegistry, SchemaText, SubjectVersion};

/// How long the registry may take to be reached, and to answer.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(20);

/// How often a question is asked that was not answered.
const TRIES: usize = 2;

/// The longest answer: schemas are written by people.
const LONGEST: usize = 16 * 1024 * 1024;

/// Bytes of schemas that are kept.
const KEPT: usize = 64 * 1024 * 1024;

/// The most schemas that one may refer to, directly and by others.
const REFERENCES: usize = 256;

/// The registry of a catalog.
pub(super) struct Registry {
    client: Client,
    url: Url,
    who: Who,
    known: Mutex<Known>,
}

/// How it is said who asks.
enum Who {
    Nobody,
    User(String, Option<String>),
    Token(String),
}

/// Schemas by their ids.
#[derive(Default)]
struct Known {
    schemas: HashMap<u32, Arc<SchemaText>>,
    bytes: usize,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SchemaAnswer {
    schema: String,
    schema_type: Option<String>,
    references: Option<Vec<Reference>>,
}

#[derive(Deserialize)]
struct VersionAnswer {
    subject: String,
    version: u32,
    id: u32,
    #[serde(flatten)]
    schema: SchemaAnswer,
}

#[derive(Clone, Deserialize)]
struct Reference {
    name: String,
    subject: String,
    version: u32,
}

#[derive(Deserialize)]
struct Refusal {
    error_code: Option<u32>,
    message: Option<String>,
}

impl Registry {
    /// The registry that the options of a catalog in `folder` name, if they do. Asks it nothing.
    ///
    /// # Errors
    /// `Config` for an address that is none, a certificate that cannot be read, and half of a login.
    pub(super) fn of(options: &CatalogOptions, folder: &Path) -> Result<Option<Self>> {
        let Some(address) = &options.schema_registry else {
            let alone = [
                ("username", &options.schema_registry_username),
                ("password", &options.schema_registry_password),
                ("token", &options.schema_registry_token),
                ("ca_certificate", &options.schema_registry_ca_certificate),
            ];
            let alone = alone.iter().find(|(_, value)| value.is_some());
            return match alone {
                Some((name, _)) => Err(Error::config(format!(
                    "schema_registry_{name} is there, and schema_registry is not"
                ))),
                None => Ok(None),
            };
        };
        let wrong = |why: &str| Error::config(format!("schema_registry: {why}"));
        let mut url = Url::parse(address).map_err(|e| wrong(&e.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
            return Err(wrong("takes an address like https://registry:8081"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("takes no user and password")
                .with_hint("set schema_registry_username and schema_registry_password"));
        }
        url.set_query(None);
        url.set_fragment(None);
        let (user, password) =
            (&options.schema_registry_username, &options.schema_registry_password);
        let who = match (user, password, &options.schema_registry_token) {
            (None, None, None) => Who::Nobody,
            (Some(user), password, None) => Who::User(user.clone(), password.clone()),
            (None, None, Some(token)) => Who::Token(token.clone()),
            _ => {
                return Err(Error::config(
                    "schema_registry_username and schema_registry_password belong together, without \
                     schema_registry_token",
                ));
            }
        };
        let mut client = Client::builder().connect_timeout(CONNECT).timeout(ANSWER);
        if let Some(path) = &options.schema_registry_ca_certificate {
            let path = folder.join(path);
            let wrong = |why: String| {
                let path = path.display();
                Error::config(format!("schema_registry_ca_certificate {path}: {why}"))
            };
            let pem = std::fs::read(&path).map_err(|e| wrong(e.to_string()))?;
            let all = Certificate::from_pem_bundle(&pem).map_err(|e| wrong(e.to_string()))?;
            if all.is_empty() {
                return Err(wrong("holds no certificate".to_owned()));
            }
            client = client.tls_built_in_root_certs(false);
            for certificate in all {
                client = client.add_root_certificate(certificate);
            }
        }
        let client = client.build().map_err(|e| wrong(&cause(&e)))?;
        Ok(Some(Self { client, url, who, known: Mutex::default() }))
    }

    /// The answer to a question; `None` when what is asked for is not there.
    async fn ask<T: DeserializeOwned>(&self, path: &[&str]) -> Result<Option<T>> {
        let mut tried = 1;
        loop {
            match self.ask_once(path).await {
                Err(e) if e.retry() == crate::error::Retry::Later && tried < TRIES => tried += 1,
                answer => return answer,
            }
        }
    }

    async fn ask_once<T: DeserializeOwned>(&self, path: &[&str]) -> Result<Option<T>> {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        let mut question = self.client.get(url).header(
            reqwest::header::ACCEPT,
            "application/vnd.schemaregistry.v1+json, application/json",
        );
        question = self.sign(question);
        let answer = question.send().await.map_err(|e| self.silent(&e))?;
        let status = answer.status();
        let body = self.body(answer).await?;
        if status.is_success() {
            let parsed = serde_json::from_slice(&body);
            return parsed.map(Some).map_err(|e| {
                self.error(Error::unavailable, &format!("does not answer as one: {e}"))
            });
        }
        let refusal = serde_json::from_slice::<Refusal>(&body).ok();
        let code = refusal.as_ref().and_then(|it| it.error_code).unwrap_or_default();
        // Subject, version, schema not found; not a path that is not there.
        if status == StatusCode::NOT_FOUND && (40401..=40403).contains(&code) {
            return Ok(None);
        }
        let said = refusal.and_then(|it| it.message).unwrap_or_default();
        let said = if said.is_empty() { status.to_string() } else { format!("{status}: {said}") };
        Err(match status {
            StatusCode::UNAUTHORIZED => self
                .error(Error::unauthenticated, &format!("does not let in who asks: {said}"))
                .with_hint(
                    "look at schema_registry_username and schema_registry_password (or \
                     schema_registry_token) in the catalog file",
                ),
            StatusCode::FORBIDDEN => {
                self.error(Error::denied, &format!("does not allow it: {said}"))
            }
            StatusCode::NOT_FOUND => self
                .error(Error::config, &format!("is not one: {said}"))
                .with_hint("look at the path of schema_registry in the catalog file"),
            _ => self.error(Error::unavailable, &format!("answers {said}")).retry_later(),
        })
    }

    fn sign(&self, question: RequestBuilder) -> RequestBuilder {
        match &self.who {
            Who::Nobody => question,
            Who::User(user, password) => question.basic_auth(user, password.as_deref()),
            Who::Token(token) => question.bearer_auth(token),
        }
    }

    async fn body(&self, mut answer: Response) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|e| self.silent(&e))? {
            if body.len() + part.len() > LONGEST {
                let what = format!("answers with more than {LONGEST} bytes");
                return Err(self.error(Error::unavailable, &what));
            }
            body.extend_from_slice(&part);
        }
        Ok(body)
    }

    fn error(&self, kind: fn(String) -> Error, what: &str) -> Error {
        kind(format!("the schema registry {} {what}", self.url))
    }

    fn silent(&self, error: &reqwest::Error) -> Error {
        self.error(Error::unavailable, &format!("does not answer: {}", cause(error)))
            .with_hint("look at schema_registry in the catalog file")
            .retry_later()
    }

    /// The schema of an answer, with those that it refers to.
    async fn whole(&self, answer: SchemaAnswer) -> Result<SchemaText> {
        let mut references = vec![];
        let mut waiting: Vec<(Option<SchemaAnswer>, Reference)> =
            answer.references.into_iter().flatten().rev().map(|it| (None, it)).collect();
        // Depth first: a schema comes after those that it refers to.
        let mut asked = 0;
        while let Some((found, reference)) = waiting.pop() {
            if references.iter().any(|(name, _)| *name == reference.name) {
                continue;
            }
            if let Some(found) = found {
                references.push((reference.name, found.schema));
                continue;
            }
            asked += 1;
            if asked > REFERENCES {
                let what = format!("has a schema that refers to more than {REFERENCES} others");
                return Err(self.error(Error::unsupported, &what));
            }
            let version = reference.version.to_string();
            let path = ["subjects", &reference.subject, "versions", &version];
            let found = self.ask::<VersionAnswer>(&path).await?.ok_or_else(|| {
                let Reference { subject, version, .. } = &reference;
                let what = format!(
                    "has no version {version} of subject {subject}, which a schema refers to"
                );
                self.error(Error::corrupt, &what)
            })?;
            let mut schema = found.schema;
            let others = schema.references.take().into_iter().flatten().rev();
            let others: Vec<_> = others.map(|it| (None, it)).collect();
            waiting.push((Some(schema), reference));
            waiting.extend(others);
        }
        let kind = answer.schema_type.unwrap_or_else(|| "AVRO".to_owned());
        Ok(SchemaText { kind, text: answer.schema, references })
    }

    fn keep(&self, id: u32, schema: &Arc<SchemaText>) {
        let texts = schema.references.iter().map(|(name, text)| name.len() + text.len());
        let bytes = schema.text.len() + texts.sum::<usize>();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.bytes + bytes > KEPT {
            *known = Known::default();
        }
        known.bytes += bytes;
        known.schemas.insert(id, Arc::clone(schema));
    }

    /// Whether it answers.
    pub(super) async fn check(&self) -> Finding {
        let asked = self.ask::<Vec<String>>(&["subjects"]).await;
        let (severity, message, fix) = match asked {
            Ok(subjects) => {
                let count = subjects.map_or(0, |subjects| subjects.len());
                (Severity::Info, format!("the schema registry answers: {count} subjects"), None)
            }
            Err(e) => (Severity::Error, e.message().to_owned(), e.hint().map(str::to_owned)),
        };
        Finding { severity, object: self.location(), message, fix }
    }
}

/// What an error comes from; the address is named elsewhere.
fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it took too long".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[async_trait]
impl SchemaRegistry for Registry {
    fn location(&self) -> String {
        self.url.to_string()
    }

    async fn schema(&self, id: u32) -> Result<Option<Arc<SchemaText>>> {
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(schema) = known.schemas.get(&id) {
                return Ok(Some(Arc::clone(schema)));
            }
        }
        let Some(answer) = self.ask(&["schemas", "ids", &id.to_string()]).await? else {
            return Ok(None);
        };
        let schema = Arc::new(self.whole(answer).await?);
        self.keep(id, &schema);
        Ok(Some(schema))
    }

    async fn latest(&self, subject: &str) -> Result<Option<SubjectVersion>> {
        let path = ["subjects", subject, "versions", "latest"];
        let Some(answer) = self.ask::<VersionAnswer>(&path).await? else { return Ok(None) };
        let VersionAnswer { subject, version, id, schema } = answer;
        let schema = Arc::new(self.whole(schema).await?);
        self.keep(id, &schema);
        Ok(Some(SubjectVersion { subject, version, id, schema }))
    }
}
