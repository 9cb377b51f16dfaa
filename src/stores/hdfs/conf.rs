//! Hadoop's configuration files, as far as finding the NameNodes needs more than the client crate
//! reads out of them: names with blanks around them, `${…}` within values, hosts without a port.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The port of a NameNode that is named without one.
const NAMENODE_PORT: u16 = 8020;

/// How deep `${…}` may refer to each other.
const DEPTH: usize = 20;

/// Keys and values.
pub(super) type Config = BTreeMap<String, String>;

/// The folder that holds the files: the given one, else what the environment names.
pub(super) fn folder(given: Option<&Path>) -> Option<PathBuf> {
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    given
        .map(Path::to_owned)
        .or_else(|| named("HADOOP_CONF_DIR"))
        .or_else(|| named("HADOOP_HOME").map(|home| home.join("etc/hadoop")))
}

/// What the files of a folder and the given keys say together; the given ones win. A file that
/// cannot be read this way adds nothing: the client crate reads it, too, and says what is wrong.
pub(super) fn read(folder: Option<&Path>, given: &Config) -> Config {
    let mut config = Config::new();
    for name in ["core-site.xml", "hdfs-site.xml"] {
        let text = folder.and_then(|folder| std::fs::read_to_string(folder.join(name)).ok());
        config.extend(text.map(|text| properties(&text)).unwrap_or_default());
    }
    config.extend(given.iter().map(|(key, value)| (key.clone(), value.clone())));
    let expanded =
        config.iter().map(|(key, value)| (key.clone(), tidy(&expand(value, &config, 0))));
    expanded.collect()
}

fn properties(text: &str) -> Config {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let Ok(tree) = roxmltree::Document::parse_with_options(text, options) else {
        return Config::new();
    };
    let text_of = |property: roxmltree::Node<'_, '_>, name: &str| {
        let child = property.children().find(|child| child.has_tag_name(name))?;
        Some(child.text()?.to_owned())
    };
    tree.root_element()
        .children()
        .filter(|child| child.has_tag_name("property"))
        .filter_map(|property| {
            let name = text_of(property, "name")?.trim().to_owned();
            Some((name, text_of(property, "value")?))
        })
        .collect()
}

/// `${key}` and `${env.NAME}` replaced, as Hadoop does; what is unknown stays as it is.
fn expand(value: &str, config: &Config, depth: usize) -> String {
    let mut expanded = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        expanded.push_str(before);
        let Some((name, end)) = after.split_once('}') else {
            rest = &rest[before.len()..];
            break;
        };
        let found = match name.strip_prefix("env.") {
            Some(name) => std::env::var(name).ok(),
            None if depth < DEPTH => config.get(name).map(|value| expand(value, config, depth + 1)),
            None => None,
        };
        match found {
            Some(found) => expanded.push_str(&found),
            None => expanded.extend(["${", name, "}"]),
        }
        rest = end;
    }
    expanded.push_str(rest);
    expanded
}

/// A value without the blanks around it and around the commas of a list.
fn tidy(value: &str) -> String {
    value.split(',').map(str::trim).collect::<Vec<_>>().join(",")
}

/// The URL that the client is made with: what the location says, or the default file system, and
/// a port where a host is named that is no name service.
///
/// # Errors
/// A sentence when the location leaves it to a default file system that is not there.
pub(super) fn url(scheme: &str, authority: &str, config: &Config) -> Result<String, String> {
    let default = config.get("fs.defaultFS").or_else(|| config.get("fs.default.name"));
    let (scheme, authority) = match (authority, default) {
        ("", None) => return Err("no fs.defaultFS is configured".to_owned()),
        ("", Some(default)) => match default.split_once("://") {
            Some((of_default, rest)) if of_default == scheme => {
                (of_default, rest.split('/').next().unwrap_or_default())
            }
            _ => return Err(format!("fs.defaultFS is {default}, not {scheme}://…")),
        },
        _ => (scheme, authority),
    };
    let is_service = config.contains_key(&format!("dfs.ha.namenodes.{authority}"));
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if scheme == "viewfs" || is_service || has_port {
        Ok(format!("{scheme}://{authority}"))
    } else {
        Ok(format!("{scheme}://{authority}:{NAMENODE_PORT}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = "<?xml version=\"1.0\"?><configuration>\
        <property><name>fs.defaultFS</name><value>hdfs://${service}</value></property>\
        <property><name>service</name><value>lake</value></property>\
        <property><name> dfs.ha.namenodes.lake </name><value> nn1, nn2 </value></property>\
        <property><name>loop</name><value>${loop}</value></property>\
        <property><name>unknown</name><value>${nowhere} ${</value></property></configuration>";

    fn site() -> Config {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("core-site.xml"), SITE).unwrap();
        let given = Config::from([("service".to_owned(), "other".to_owned())]);
        let mut config = read(Some(folder.path()), &Config::new());
        assert_eq!(read(Some(folder.path()), &given)["fs.defaultFS"], "hdfs://other");
        config.remove("loop");
        config
    }

    #[test]
    fn values_are_expanded_and_lists_have_no_blanks() {
        let config = site();
        assert_eq!(config["fs.defaultFS"], "hdfs://lake");
        assert_eq!(config["dfs.ha.namenodes.lake"], "nn1,nn2");
        assert_eq!(config["unknown"], "${nowhere} ${");
    }

    #[test]
    fn a_host_that_is_no_name_service_has_a_port() {
        let config = site();
        for (scheme, authority, url_of) in [
            ("hdfs", "lake", "hdfs://lake"),
            ("hdfs", "", "hdfs://lake"),
            ("hdfs", "node", "hdfs://node:8020"),
            ("hdfs", "node:9000", "hdfs://node:9000"),
            ("viewfs", "all", "viewfs://all"),
        ] {
            assert_eq!(url(scheme, authority, &config).unwrap(), url_of);
        }
        assert_eq!(
            url("viewfs", "", &config).unwrap_err(),
            "fs.defaultFS is hdfs://lake, not viewfs://…"
        );
        assert!(url("hdfs", "", &Config::new()).is_err());
    }
}
