//! Keys for OSS, in the order in which the provider's own tools look for them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use http::{Method, Request};
use object_store::client::{HttpClient, HttpRequestBody};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::bucket::{Environment, Identity, Ini, Keys, Options, Renewed, Source};
use crate::error::{Error, Result};

/// The metadata server of every machine of the cloud.
const METADATA: &str = "http://100.100.100.200/latest";

/// How long that server may take: other networks have none.
const NEAR: Duration = Duration::from_secs(1);

/// A named role or profile, the environment, the tools' files, the role of the pod, that
/// of the machine.
pub(super) async fn find(
    environment: &Environment,
    options: &Options,
    http: &HttpClient,
) -> Result<Option<Identity>> {
    if let Some(role) = &options.ram_role {
        return of_machine(http, Some(role.clone())).await.map(Some);
    }
    let profile = options.profile.clone();
    if profile.is_none()
        && let Some(identity) = of_variables(environment)
    {
        return Ok(Some(identity));
    }
    let wanted = profile.clone().or_else(|| environment.get("ALIBABA_CLOUD_PROFILE"));
    if let Some(found) = of_files(environment, wanted.as_deref()) {
        return match found {
            Found::Keys(keys, from) => Ok(Some(keys.identity(&from))),
            Found::Role(role) => of_machine(http, role).await.map(Some),
            Found::Other(mode, from) => Err(Error::unsupported(format!(
                "{from} says mode {mode}, which needs the provider's own tool"
            ))
            .with_hint("modes with keys (AK, StsToken) and EcsRamRole can be used")),
        };
    }
    if let Some(profile) = profile {
        return Err(Error::config(format!("[store]: there is no profile {profile}")).with_hint(
            "looked at ~/.alibabacloud/credentials, ~/.aliyun/config.json and ~/.ossutilconfig",
        ));
    }
    if let Some(pod) = Pod::of(environment, http) {
        return Renewed::begin(Arc::new(pod), "the role of the pod (OIDC)").await.map(Some);
    }
    if environment.says("ALIBABA_CLOUD_ECS_METADATA_DISABLED") {
        return Ok(None);
    }
    match environment.get("ALIBABA_CLOUD_ECS_METADATA") {
        Some(role) => of_machine(http, Some(role)).await.map(Some),
        // Mostly there is no such server, which is no failure.
        None => Ok(of_machine(http, None).await.ok()),
    }
}

fn of_variables(environment: &Environment) -> Option<Identity> {
    let known = [
        (
            "ALIBABA_CLOUD_ACCESS_KEY_ID",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
            "ALIBABA_CLOUD_SECURITY_TOKEN",
        ),
        ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"),
    ];
    known.iter().find_map(|(id, secret, token)| {
        let get = |name: &str| environment.get(name);
        let keys = Keys::of(get(id), get(secret), get(token))?;
        Some(keys.identity(&format!("environment {id}")))
    })
}

enum Found {
    Keys(Keys, String),
    Role(Option<String>),
    Other(String, String),
}

/// The files of the SDKs, of `aliyun`, of `ossutil`.
fn of_files(environment: &Environment, profile: Option<&str>) -> Option<Found> {
    let of_sdk = || {
        let (text, path) =
            environment.file("ALIBABA_CLOUD_CREDENTIALS_FILE", ".alibabacloud/credentials")?;
        let (ini, section) = (Ini::parse(&text), profile.unwrap_or("default"));
        let get = |key| ini.get(section, key);
        let from = format!("{} [{section}]", path.display());
        if get("type") == Some("ecs_ram_role") {
            return Some(Found::Role(get("role_name").map(str::to_owned)));
        }
        let keys = Keys::of(get("access_key_id"), get("access_key_secret"), get("security_token"));
        keys.map(|keys| Found::Keys(keys, from))
    };
    let of_aliyun = || {
        let (text, path) = environment.file("ALIBABA_CLOUD_CONFIG_FILE", ".aliyun/config.json")?;
        let found = profile_of_aliyun(&text, profile)?;
        let get =
            |key: &str| found.get(key).and_then(Value::as_str).filter(|value| !value.is_empty());
        let from = format!("{} profile {}", path.display(), get("name").unwrap_or("default"));
        match get("mode") {
            Some("EcsRamRole") => Some(Found::Role(get("ram_role_name").map(str::to_owned))),
            Some("AK" | "StsToken") | None => {
                let keys =
                    Keys::of(get("access_key_id"), get("access_key_secret"), get("sts_token"));
                keys.map(|keys| Found::Keys(keys, from))
            }
            Some(other) => Some(Found::Other(other.to_owned(), from)),
        }
    };
    let of_ossutil = || {
        let (text, path) = environment.file("OSSUTIL_CONFIG_FILE", ".ossutilconfig")?;
        let ini = Ini::parse(&text);
        let section = match profile {
            Some(profile) => profile,
            None => ["Credentials", "default"].into_iter().find(|section| ini.has(section))?,
        };
        let get = |key| ini.get(section, key);
        let keys = Keys::of(get("access_key_id"), get("access_key_secret"), get("sts_token"));
        keys.map(|keys| Found::Keys(keys, path.display().to_string()))
    };
    of_sdk().or_else(of_aliyun).or_else(of_ossutil)
}

/// A profile of `~/.aliyun/config.json`: the named one, else the current one.
pub(super) fn profile_of_aliyun(text: &str, wanted: Option<&str>) -> Option<Map<String, Value>> {
    let config: Value = serde_json::from_str(text).ok()?;
    let current = config.get("current").and_then(Value::as_str);
    let wanted = wanted.or(current).unwrap_or("default");
    let profiles = config.get("profiles")?.as_array()?;
    let named = |profile: &&Value| profile.get("name").and_then(Value::as_str) == Some(wanted);
    profiles.iter().find(named)?.as_object().cloned()
}

/// Temporary keys as the metadata server and STS write them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Temporary {
    access_key_id: String,
    access_key_secret: String,
    security_token: String,
    expiration: DateTime<Utc>,
}

impl Temporary {
    fn keys(self) -> Keys {
        Keys {
            id: self.access_key_id,
            secret: self.access_key_secret,
            token: Some(self.security_token),
            expires: Some(self.expiration),
        }
    }
}

async fn of_machine(http: &HttpClient, role: Option<String>) -> Result<Identity> {
    let machine = Machine { http: http.clone(), role };
    let role = machine.role().await?;
    let from = format!("role {role} of the machine");
    Renewed::begin(Arc::new(Machine { role: Some(role), ..machine }), &from).await
}

/// The role of a machine: its metadata server has the keys.
#[derive(Debug)]
struct Machine {
    http: HttpClient,
    role: Option<String>,
}

impl Machine {
    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Result<String> {
        let failed = |what: String| {
            Error::unavailable(format!("the machine's metadata server: {what}"))
                .with_hint("a machine has keys only if a RAM role was given to it")
        };
        let mut request = Request::builder().method(method).uri(format!("{METADATA}/{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(HttpRequestBody::empty()).map_err(|e| failed(e.to_string()))?;
        let asked = async {
            let answer = self.http.execute(request).await.map_err(|e| failed(e.to_string()))?;
            let status = answer.status();
            if !status.is_success() {
                return Err(failed(format!("status {status}")));
            }
            answer.into_body().bytes().await.map_err(|e| failed(e.to_string()))
        };
        let answer = tokio::time::timeout(NEAR, asked).await;
        let body = answer.map_err(|_| failed("no answer".to_owned()))??;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    async fn get(&self, path: &str) -> Result<String> {
        // Machines that want a token give one; the others take none.
        let seconds = [("X-aliyun-ecs-metadata-token-ttl-seconds", "60")];
        let token = self.ask(Method::PUT, "api/token", &seconds).await.ok();
        let headers = token.iter().map(|token| ("X-aliyun-ecs-metadata-token", token.as_str()));
        self.ask(Method::GET, path, &headers.collect::<Vec<_>>()).await
    }

    async fn role(&self) -> Result<String> {
        match &self.role {
            Some(role) => Ok(role.clone()),
            None => {
                let roles = self.get("meta-data/ram/security-credentials/").await?;
                let role = roles.lines().map(str::trim).find(|role| !role.is_empty());
                role.map(str::to_owned).ok_or_else(|| Error::unavailable("the machine has no role"))
            }
        }
    }
}

#[async_trait]
impl Source for Machine {
    async fn keys(&self) -> Result<Keys> {
        let role = self.role().await?;
        let text = self.get(&format!("meta-data/ram/security-credentials/{role}")).await?;
        let temporary: Temporary = serde_json::from_str(&text).map_err(|e| {
            Error::unavailable(format!("role {role}: the metadata server gives no keys: {e}"))
        })?;
        Ok(temporary.keys())
    }
}

/// The role of a pod: a token in a file is exchanged for keys.
#[derive(Debug)]
struct Pod {
    http: HttpClient,
    server: String,
    role: String,
    provider: String,
    token_file: String,
    session: String,
}

impl Pod {
    fn of(environment: &Environment, http: &HttpClient) -> Option<Self> {
        let server = match environment.get("ALIBABA_CLOUD_STS_REGION") {
            Some(region) => format!("sts.{region}.aliyuncs.com"),
            None => "sts.aliyuncs.com".to_owned(),
        };
        Some(Self {
            http: http.clone(),
            server,
            role: environment.get("ALIBABA_CLOUD_ROLE_ARN")?,
            provider: environment.get("ALIBABA_CLOUD_OIDC_PROVIDER_ARN")?,
            token_file: environment.get("ALIBABA_CLOUD_OIDC_TOKEN_FILE")?,
            session: environment
                .get("ALIBABA_CLOUD_ROLE_SESSION_NAME")
                .unwrap_or_else(|| "sluice".to_owned()),
        })
    }
}

#[async_trait]
impl Source for Pod {
    async fn keys(&self) -> Result<Keys> {
        let failed = |what: String| {
            Error::unauthenticated(format!("{}: no keys for {}: {what}", self.server, self.role))
        };
        // The file changes while the pod lives.
        let token = tokio::fs::read_to_string(&self.token_file)
            .await
            .map_err(|e| failed(format!("{}: {e}", self.token_file)))?;
        let now = Utc::now();
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", "AssumeRoleWithOIDC")
            .append_pair("Version", "2015-04-01")
            .append_pair("Format", "JSON")
            .append_pair("Timestamp", &now.to_rfc3339_opts(SecondsFormat::Secs, true))
            .append_pair(
                "SignatureNonce",
                &format!("{}-{}", std::process::id(), now.timestamp_micros()),
            )
            .append_pair("RoleArn", &self.role)
            .append_pair("OIDCProviderArn", &self.provider)
            .append_pair("OIDCToken", token.trim())
            .append_pair("RoleSessionName", &self.session)
            .finish();
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("https://{}/", self.server))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(HttpRequestBody::from(form))
            .map_err(|e| failed(e.to_string()))?;
        let answer = self.http.execute(request).await.map_err(|e| failed(e.to_string()))?;
        let body = answer.into_body().bytes().await.map_err(|e| failed(e.to_string()))?;
        let answer: Value = serde_json::from_slice(&body).map_err(|e| failed(e.to_string()))?;
        if let Some(message) = answer.get("Message").and_then(Value::as_str) {
            return Err(failed(message.to_owned()));
        }
        let keys = answer.get("Credentials").cloned().unwrap_or_default();
        let temporary: Temporary =
            serde_json::from_value(keys).map_err(|e| failed(e.to_string()))?;
        Ok(temporary.keys())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(folder: &tempfile::TempDir, profile: Option<&str>) -> Option<(String, String)> {
        let environment = Environment::of(|_| None, folder.path().to_owned());
        match of_files(&environment, profile)? {
            Found::Keys(keys, from) => Some((keys.id, from)),
            Found::Role(role) => Some((role.unwrap_or_default(), "role".to_owned())),
            Found::Other(mode, from) => Some((mode, from)),
        }
    }

    #[test]
    fn keys_are_found_in_the_files_of_the_providers_tools() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(found(&folder, None), None);
        let text = "[Credentials]\nendpoint=oss-cn-beijing.aliyuncs.com\naccessKeyID=U1\naccessKeySecret=s\n";
        std::fs::write(folder.path().join(".ossutilconfig"), text).unwrap();
        assert_eq!(found(&folder, None).unwrap().0, "U1");
        std::fs::create_dir(folder.path().join(".aliyun")).unwrap();
        let text = r#"{"current": "work", "profiles": [
            {"name": "default", "mode": "AK", "access_key_id": "A1", "access_key_secret": "s"},
            {"name": "work", "mode": "StsToken", "access_key_id": "A2", "access_key_secret": "s", "sts_token": "t"},
            {"name": "sso", "mode": "CloudSSO"},
            {"name": "machine", "mode": "EcsRamRole", "ram_role_name": "reader"}]}"#;
        std::fs::write(folder.path().join(".aliyun/config.json"), text).unwrap();
        assert_eq!(found(&folder, None).unwrap().0, "A2");
        assert_eq!(found(&folder, Some("default")).unwrap().0, "A1");
        assert_eq!(found(&folder, Some("sso")).unwrap().0, "CloudSSO");
        assert_eq!(
            found(&folder, Some("machine")).unwrap(),
            ("reader".to_owned(), "role".to_owned())
        );
        std::fs::create_dir(folder.path().join(".alibabacloud")).unwrap();
        let text = "[default]\ntype = access_key\naccess_key_id = S1\naccess_key_secret = s\n";
        std::fs::write(folder.path().join(".alibabacloud/credentials"), text).unwrap();
        assert_eq!(found(&folder, None).unwrap().0, "S1");
        assert_eq!(found(&folder, Some("nobody")), None);
    }

    #[test]
    fn variables_come_before_files() {
        let variables = |name: &str| match name {
            "OSS_ACCESS_KEY_ID" => Some("LTAI5tAbCdEfGhIj".to_owned()),
            "OSS_ACCESS_KEY_SECRET" => Some("secret".to_owned()),
            _ => None,
        };
        let environment = Environment::of(variables, std::path::PathBuf::new());
        let identity = of_variables(&environment).unwrap();
        assert_eq!(identity.who, "key LTAI…GhIj from environment OSS_ACCESS_KEY_ID");
    }
}
