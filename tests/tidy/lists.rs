//! What stands in a folder also stands in the folder's list, so that nothing is written and then
//! never used.

use std::path::Path;

use crate::rust::{Kind, tokens};
use crate::tree::{TextFile, sources};

/// A folder and the list in its `mod.rs`.
struct List {
    folder: &'static str,
    name: &'static str,
    /// Modules of the folder that are no entries.
    apart: &'static [&'static str],
    /// What makes a module an entry, if not all are: it implements this trait.
    implements: Option<&'static str>,
    /// Whether only folders are entries.
    only_folders: bool,
}

const LISTS: [List; 4] = [
    List {
        folder: "src/connectors",
        name: "CONNECTORS",
        apart: &[],
        implements: None,
        only_folders: true,
    },
    List {
        folder: "src/stores",
        name: "STORES",
        apart: &["bucket", "layers", "threads"],
        implements: None,
        only_folders: false,
    },
    List {
        folder: "src/render",
        name: "FORMATS",
        apart: &[],
        implements: Some("Format"),
        only_folders: false,
    },
    List {
        folder: "src/repl/commands",
        name: "COMMANDS",
        apart: &[],
        implements: None,
        only_folders: false,
    },
];

/// Modules that their list lacks.
pub(crate) fn complaints(root: &Path) -> Vec<String> {
    let files = sources(root);
    LISTS.iter().flat_map(|list| list.complaints(&files)).collect()
}

impl List {
    fn complaints(&self, files: &[TextFile]) -> Vec<String> {
        let members = self.members(files);
        if members.is_empty() {
            return Vec::new();
        }
        let path = format!("{}/mod.rs", self.folder);
        let head = files.iter().find(|file| file.path == path);
        let Some(listed) = head.and_then(|file| names_in(&file.text, self.name)) else {
            return vec![format!("{path}: has no list {}: add it, with {members:?}", self.name)];
        };
        members
            .into_iter()
            .filter(|member| !listed.contains(member))
            .map(|member| format!("{path}: {} lacks {member}: add it to the list", self.name))
            .collect()
    }

    /// The modules of the folder that should be listed.
    fn members<'f>(&self, files: &'f [TextFile]) -> Vec<&'f str> {
        let member = |file: &'f TextFile| {
            let within = file.path.strip_prefix(self.folder)?.strip_prefix('/')?;
            let name = match within.strip_suffix("/mod.rs") {
                Some(name) => name,
                None if self.only_folders => return None,
                None => within.strip_suffix(".rs")?,
            };
            let entry = !name.contains('/')
                && name != "mod"
                && name != "tests"
                && !self.apart.contains(&name)
                && self.implements.is_none_or(|of| implements(&file.text, of));
            entry.then_some(name)
        };
        files.iter().filter_map(member).collect()
    }
}

/// The names in the value of the constant or static called `list`.
fn names_in<'t>(text: &'t str, list: &str) -> Option<Vec<&'t str>> {
    let tokens = tokens(text);
    let declared = tokens.windows(2).position(|pair| {
        (pair[0].is_name("static") || pair[0].is_name("const")) && pair[1].is_name(list)
    })?;
    let value = tokens[declared..].iter().skip_while(|token| !token.is_sign("="));
    let value = value.take_while(|token| !token.is_sign(";"));
    Some(value.filter(|token| token.kind == Kind::Name).map(|token| token.text).collect())
}

/// Whether `text` has an `impl … of for …`.
fn implements(text: &str, of: &str) -> bool {
    tokens(text).windows(2).any(|pair| pair[0].is_name(of) && pair[1].is_name("for"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::repository;

    fn told(files: &[(&str, &str)]) -> Vec<String> {
        complaints(repository(files).path())
    }

    #[test]
    fn a_listed_module_is_not_complained_about() {
        let files = [
            ("src/connectors/mod.rs", "pub static CONNECTORS: [&dyn C; 1] = [&kafka::Kafka];"),
            ("src/connectors/kafka/mod.rs", ""),
            ("src/connectors/kafka/deep/mod.rs", ""),
            ("src/stores/mod.rs", "const STORES: &[S] = &[local::Local, #[cfg(x)] s3::S3];"),
            ("src/stores/local.rs", ""),
            ("src/stores/s3/mod.rs", ""),
            ("src/stores/layers/mod.rs", ""),
            ("src/stores/tests.rs", ""),
            ("src/render/mod.rs", "pub static FORMATS: &[&dyn Format] = &[&csv::Csv];"),
            ("src/render/csv.rs", "impl Format for Csv {}"),
            ("src/render/options.rs", "// impl Format for X"),
        ];
        assert_eq!(told(&files), Vec::<String>::new());
    }

    #[test]
    fn a_module_that_its_list_lacks_is() {
        let files = [
            (
                "src/connectors/mod.rs",
                "mod kafka; // CONNECTORS: kafka\nstatic CONNECTORS: A = [];",
            ),
            ("src/connectors/kafka/mod.rs", ""),
            (
                "src/render/mod.rs",
                "pub static FORMATS: &[&dyn Format] = &[&csv::Csv]; use json::x;",
            ),
            ("src/render/json.rs", "impl<T> super::Format for Json {}"),
            ("src/repl/commands/mod.rs", "static COMMANDS: A = [\"quit\"];"),
            ("src/repl/commands/quit.rs", ""),
        ];
        assert_eq!(
            told(&files),
            [
                "src/connectors/mod.rs: CONNECTORS lacks kafka: add it to the list",
                "src/render/mod.rs: FORMATS lacks json: add it to the list",
                "src/repl/commands/mod.rs: COMMANDS lacks quit: add it to the list",
            ]
        );
    }

    #[test]
    fn a_folder_without_its_list_is() {
        let told = told(&[("src/stores/mod.rs", "mod local;"), ("src/stores/local.rs", "")]);
        assert_eq!(told, ["src/stores/mod.rs: has no list STORES: add it, with [\"local\"]"]);
    }
}
