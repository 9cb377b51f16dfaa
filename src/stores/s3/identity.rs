//! Keys for S3, in the order in which Amazon's own tools look for them.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request};
use object_store::aws::AmazonS3Builder;
use object_store::client::{HttpClient, HttpRequestBody};

use super::super::bucket::{Environment, Identity, Ini, Keys, Options};
use crate::error::{Error, Result};

/// How long the metadata server may take: other networks have none.
const NEAR: Duration = Duration::from_secs(1);

/// A named profile, the environment, the tools' files, roles of pod and machine.
pub(super) async fn find(
    environment: &Environment,
    options: &Options,
    http: &HttpClient,
) -> Result<Option<Identity>> {
    let get = |name: &str| environment.get(name);
    if options.profile.is_none()
        && let Some(keys) = Keys::of(
            get("AWS_ACCESS_KEY_ID"),
            get("AWS_SECRET_ACCESS_KEY"),
            get("AWS_SESSION_TOKEN"),
        )
    {
        return Ok(Some(keys.identity("environment AWS_ACCESS_KEY_ID")));
    }
    let profile = profile(environment, options);
    if let Some((keys, from)) = of_files(environment, &profile) {
        return Ok(Some(keys.identity(&from)));
    }
    if options.profile.is_some() {
        return Err(Error::config(format!("[store]: profile {profile} has no keys"))
            .with_hint("looked for aws_access_key_id in ~/.aws/credentials and ~/.aws/config"));
    }
    let pod = [
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ];
    let of_pod = pod.iter().find(|name| environment.get(name).is_some());
    if let Some(name) = of_pod {
        return of_role(&format!("the role of the pod ({name})")).map(Some);
    }
    if !environment.says("AWS_EC2_METADATA_DISABLED") && has_metadata(environment, http).await {
        return of_role("the role of the machine").map(Some);
    }
    Ok(None)
}

/// The profile in use.
pub(super) fn profile(environment: &Environment, options: &Options) -> String {
    let named = options.profile.clone().or_else(|| environment.get("AWS_PROFILE"));
    named.unwrap_or_else(|| "default".to_owned())
}

fn of_files(environment: &Environment, profile: &str) -> Option<(Keys, String)> {
    let in_config =
        if profile == "default" { "default".to_owned() } else { format!("profile {profile}") };
    let files = [
        ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials", profile),
        ("AWS_CONFIG_FILE", ".aws/config", &in_config),
    ];
    files.iter().find_map(|(variable, at_home, section)| {
        let (text, path) = environment.file(variable, at_home)?;
        let ini = Ini::parse(&text);
        let get = |key| ini.get(section, key);
        let keys = Keys::of(
            get("aws_access_key_id"),
            get("aws_secret_access_key"),
            get("aws_session_token"),
        )?;
        Some((keys, format!("{} [{section}]", path.display())))
    })
}

/// Keys that `object_store` gets and renews by itself, from the variables of the process.
fn of_role(from: &str) -> Result<Identity> {
    // Only its keys are used; bucket and region stand for none.
    let built = AmazonS3Builder::from_env()
        .with_bucket_name("keys")
        .with_region("us-east-1")
        .build()
        .map_err(|e| Error::unauthenticated(format!("{from} gives no keys: {e}")))?;
    Ok(Identity { keys: Some(Arc::clone(built.credentials())), who: from.to_owned() })
}

async fn has_metadata(environment: &Environment, http: &HttpClient) -> bool {
    let server = environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    let server = server.unwrap_or_else(|| "http://169.254.169.254".to_owned());
    let request = Request::builder()
        .method(Method::PUT)
        .uri(format!("{}/latest/api/token", server.trim_end_matches('/')))
        .header("X-aws-ec2-metadata-token-ttl-seconds", "60")
        .body(HttpRequestBody::empty());
    let Ok(request) = request else { return false };
    let answer = tokio::time::timeout(NEAR, http.execute(request)).await;
    answer.is_ok_and(|answer| answer.is_ok_and(|answer| answer.status().is_success()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_found_in_both_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".aws")).unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write(".aws/credentials", "[default]\naws_access_key_id = A\naws_secret_access_key = s\n");
        write(".aws/config", "[profile work]\naws_access_key_id = B\naws_secret_access_key = s\n");
        let environment = Environment::of(|_| None, folder.path().to_owned());
        assert_eq!(of_files(&environment, "default").unwrap().0.id, "A");
        assert_eq!(of_files(&environment, "work").unwrap().0.id, "B");
        assert!(of_files(&environment, "nobody").is_none());
    }
}
