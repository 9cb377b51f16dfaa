//! Keys where people keep them, and what is said of everything that is set wrong.

use super::{WRITER, buckets, catalog_file, fill, stores, through_front};
use crate::program::Program;
use crate::servers::buckets::Turn;

const HANGZHOU: &str = "endpoint = 'http://oss-cn-hangzhou.aliyuncs.com'\n";

/// What `CHECK CATALOG` says of a bucket: its message and the way out, or the error.
fn check(buckets: &Turn, location: &str, store: &str, variables: &[(&str, &str)]) -> String {
    fill(buckets);
    let program = Program::new();
    program.write("token", "the-pods-token\n");
    program.write(".aliyun/config.json", r#"{"current": "", "profiles": [
        {"name": "work", "mode": "AK", "access_key_id": "LTAI5tReaderKey01", "access_key_secret": "reader-secret"}]}"#);
    program.write(
        "catalog/lake.toml",
        catalog_file(location, &format!("{}{store}", through_front(buckets))),
    );
    let mut command =
        program.command(&["--output-format", "tsv", "-q", "-t", "-c", "check catalog lake"]);
    let ran = command.envs(variables.iter().copied()).output().unwrap();
    let text = if ran.status.success() { ran.stdout } else { ran.stderr };
    let text = String::from_utf8(text).unwrap();
    let fields: Vec<_> = text.lines().next().unwrap().split('\t').collect();
    match fields[..] {
        [severity, "lake", message, "\\N"] => format!("{severity}: {message}"),
        [severity, "lake", message, fix] => format!("{severity}: {message}\nhint: {fix}"),
        _ => text,
    }
}

#[test]
fn keys_are_found_where_people_keep_them() {
    let buckets = buckets();
    let found = |store: &str, variables: &[(&str, &str)]| {
        check(&buckets, "oss://lake/", &format!("{HANGZHOU}{store}"), variables)
    };
    let as_whom = |who: &str| {
        format!(
            "info: oss://lake at lake.oss-cn-hangzhou.aliyuncs.com as {who} can be listed: schemas raw"
        )
    };
    let of_environment = [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tWriterKey01"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "writer-secret"),
    ];
    assert_eq!(found(WRITER, &[]), as_whom("key LTAI…ey01 from the catalog file"));
    assert_eq!(
        found("", &of_environment),
        as_whom("key LTAI…ey01 from environment ALIBABA_CLOUD_ACCESS_KEY_ID")
    );
    let named = found("profile = 'work'\n", &of_environment);
    assert!(
        named.contains(" as key LTAI…ey01 from /") && named.contains("config.json profile work"),
        "{named}"
    );
    let pod = [
        ("ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1:role/reader"),
        ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "acs:ram::1:oidc-provider/pods"),
        ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "token"),
    ];
    let authority = format!("ca_certificate = '{}'\n", buckets.authority().display());
    assert_eq!(found(&authority, &pod), as_whom("key STS.…0001 from the role of the pod (OIDC)"));
    buckets.machine(r#"{"absent": false, "lifetime": 3600}"#);
    assert_eq!(found("", &[]), as_whom("key STS.…ey01 from role lake-reader of the machine"));
    let other = [("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")];
    let anonymous = found("", &other);
    assert!(
        anonymous.contains("is not allowed") && anonymous.contains("anonymous: no keys were found"),
        "{anonymous}"
    );
}

#[test]
fn keys_of_a_machine_are_renewed_before_they_end() {
    let buckets = buckets();
    fill(&buckets);
    // Less than five minutes are left of every key, so each request asks for new ones.
    buckets.machine(r#"{"absent": false, "lifetime": 60}"#);
    let program = Program::new();
    program.write(
        "catalog/lake.toml",
        catalog_file("oss://lake/", &format!("{HANGZHOU}{}", through_front(&buckets))),
    );
    let ran = program.run(&["--csv", "-q", "-c", "select count(*) from lake.raw.users"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "count(*)\n2004\n"), "{}", ran.stderr);
    let asked = buckets.requests();
    let renewed = asked.iter().filter(|[_, _, path, _]| path.ends_with("/lake-reader")).count();
    assert!(renewed >= 3, "{asked:?}");
}

#[test]
fn every_door_of_oss_is_found() {
    let buckets = buckets();
    let authority = format!("ca_certificate = '{}'\n{WRITER}", buckets.authority().display());
    for (store, host) in [
        (format!("region = 'cn-hangzhou'\n{authority}"), "lake.oss-cn-hangzhou.aliyuncs.com"),
        (authority.clone(), "lake.oss-cn-hangzhou.aliyuncs.com"),
        (
            format!("endpoint = 'http://oss-cn-hangzhou-internal.aliyuncs.com'\n{WRITER}"),
            "lake.oss-cn-hangzhou-internal.aliyuncs.com",
        ),
        (
            format!("endpoint = 'http://s3.oss-cn-hangzhou.aliyuncs.com'\n{WRITER}"),
            "lake.s3.oss-cn-hangzhou.aliyuncs.com",
        ),
        (
            format!(
                "endpoint = 'http://oss-accelerate.aliyuncs.com'\nregion = 'cn-hangzhou'\n{WRITER}"
            ),
            "lake.oss-accelerate.aliyuncs.com",
        ),
        (
            format!("endpoint = 'http://lake.oss-cn-hangzhou.aliyuncs.com'\n{WRITER}"),
            "lake.oss-cn-hangzhou.aliyuncs.com",
        ),
    ] {
        let said = check(&buckets, "oss://lake/", &store, &[]);
        assert!(said.contains(&format!("oss://lake at {host} as")), "{store}: {said}");
    }
    // Nobody says where this bucket is, so it is asked for.
    let said = check(&buckets, "oss://lake-beijing/", &authority, &[]);
    assert!(said.contains("at lake-beijing.oss-cn-beijing.aliyuncs.com as"), "{said}");
}

#[test]
fn what_is_set_wrong_is_said_in_plain_words() {
    let buckets = buckets();
    let token = |key: &str, secret: &str, token: &str| {
        format!(
            "{HANGZHOU}access_key_id = '{key}'\naccess_key_secret = '{secret}'\nsession_token = '{token}'\n"
        )
    };
    let hangzhou = format!("{HANGZHOU}{WRITER}");
    for (location, store, said) in [
        (
            "oss://lake/",
            format!("{HANGZHOU}{}", WRITER.replace("writer-secret", "another")),
            "error: the secret does not fit the access key (key LTAI…ey01 from the catalog file)\n\
             hint: a secret that was cut off or has a blank at its end looks like this, too",
        ),
        (
            "oss://lake/",
            format!("{HANGZHOU}{}", WRITER.replace("Writer", "Forgotten")),
            "error: lake.oss-cn-hangzhou.aliyuncs.com does not know the access key (key LTAI…ey01 from the catalog file)\n\
             hint: keys belong to one provider and account: look at the endpoint, too",
        ),
        (
            "oss://no-such-lake/",
            hangzhou.clone(),
            "error: there is no bucket no-such-lake at no-such-lake.oss-cn-hangzhou.aliyuncs.com\n\
             hint: look at the bucket's name in `location`, and at region or endpoint under [store]",
        ),
        (
            "oss://lake-beijing/",
            hangzhou.clone(),
            "error: bucket lake-beijing is at oss-cn-beijing.aliyuncs.com, not at lake-beijing.oss-cn-hangzhou.aliyuncs.com\n\
             hint: set endpoint = \"oss-cn-beijing.aliyuncs.com\" under [store]",
        ),
        (
            "oss://lake/",
            token("STS.NTExpiredKey01", "expired-secret", "expired-token"),
            "error: the session token has expired (key STS.…ey01 from the catalog file)\n\
             hint: get a new token, or name a role that Sluice can ask for tokens itself",
        ),
        (
            "oss://lake/",
            token("STS.NTMachineKey01", "machine-secret", "another-token"),
            "error: the session token is not valid (key STS.…ey01 from the catalog file)\n\
             hint: key, secret and token belong together: take all three from one answer",
        ),
        (
            "oss://lake/",
            format!("{HANGZHOU}anonymous = true\n"),
            "error: oss://lake/: ListBucket is not allowed (AccessDenied: You have no right to access this object \
             because of bucket acl; anonymous, as the catalog file says)\n\
             hint: whoever administers the bucket can allow ListBucket",
        ),
        (
            "oss://lake/",
            format!("endpoint = 'http://127.0.0.1:9'\n{WRITER}"),
            "error: [store]: endpoint http://127.0.0.1:9: OSS takes buckets in the host name, and an address has none\n\
             hint: for an S3-compatible server write location = \"s3://…\"",
        ),
        (
            "oss://lake/",
            format!("endpoint = 'oss-accelerate.aliyuncs.com'\n{WRITER}"),
            "error: [store]: endpoint oss-accelerate.aliyuncs.com: its name does not say the region\n\
             hint: set region = \"cn-hangzhou\" or the like under [store]",
        ),
        (
            "oss://lake/",
            format!("{HANGZHOU}profile = 'nobody'\n"),
            "error: [store]: there is no profile nobody\n\
             hint: looked at ~/.alibabacloud/credentials, ~/.aliyun/config.json and ~/.ossutilconfig",
        ),
        (
            "oss://lake/",
            format!("{HANGZHOU}access_key_id = 'LTAI5tWriterKey01'\n"),
            "error: [store]: access_key_id has no access_key_secret",
        ),
        (
            "oss:///raw/",
            hangzhou.clone(),
            "error: location oss:///raw/: it names no bucket\nhint: oss://bucket/path",
        ),
        (
            "oss://lake/",
            format!("{hangzhou}path_style = true\n"),
            "error: [store]: path_style is no key of oss:// locations",
        ),
    ] {
        assert_eq!(check(&buckets, location, &store, &[]), said, "{location} {store}");
    }
    let certificate =
        check(&buckets, "oss://lake/", &format!("region = 'cn-hangzhou'\n{WRITER}"), &[]);
    assert!(
        certificate.contains("its certificate is not trusted")
            && certificate.contains("ca_certificate"),
        "{certificate}"
    );
}

#[test]
fn a_clock_that_is_wrong_is_said_by_how_much() {
    let buckets = buckets();
    buckets.machine(r#"{"ahead": -3600}"#);
    let said = check(&buckets, "oss://lake/", &format!("{HANGZHOU}{WRITER}"), &[]);
    assert_eq!(
        said,
        "error: this machine's clock is 1h ahead of that of lake.oss-cn-hangzhou.aliyuncs.com\n\
         hint: set the clock: requests are signed with the time"
    );
}

#[test]
fn what_a_key_may_not_do_is_named_with_its_object() {
    let buckets = buckets();
    let program = Program::new();
    let reader = "access_key_id = 'LTAI5tReaderKey01'\naccess_key_secret = 'reader-secret'\n";
    let store = format!("{HANGZHOU}{}{reader}retries = 1\n", through_front(&buckets));
    program.write("catalog/made.toml", catalog_file("oss://made/", &store));
    let ran = program.run(&["-c", "copy (select 1) to 'oss://made/one.parquet'"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr
            .starts_with("error: oss://made/one.parquet: PutObject is not allowed (AccessDenied: "),
        "{}",
        ran.stderr
    );
    std::fs::create_dir_all(buckets.bucket("made").join("raw")).unwrap();
    std::fs::write(buckets.bucket("made").join("raw/archived.csv"), "n\n1\n").unwrap();
    let ran = program.run(&["-c", "select * from made.raw.archived"]);
    assert!(ran.stderr.contains("oss://made/raw/archived.csv is archived"), "{}", ran.stderr);
    let [(_, s3), _] = stores(&buckets);
    program.write(
        "catalog/made.toml",
        catalog_file("s3://made/", &s3.replace("gateway-secret", "wrong")),
    );
    let ran = program.run(&["-c", "select * from made.raw.archived"]);
    assert!(ran.stderr.contains("the secret does not fit the access key"), "{}", ran.stderr);
}
