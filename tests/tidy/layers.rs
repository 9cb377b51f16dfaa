//! Which module may name which: the table of layers, and the crates each must not know.

use std::path::Path as Folder;

use crate::rust::{Path, paths};
use crate::tree::sources;

/// Each module and what it may use. `error` may be used by all, a module by itself.
const LAYERS: [(&str, &[&str]); 14] = [
    ("main", &["cli"]),
    ("cli", &["repl", "server", "client", "engine", "render"]),
    ("repl", &["engine", "render"]),
    ("server", &["engine"]),
    ("client", &["engine"]),
    ("engine", &["catalog", "connectors", "stores", "stream", "spi"]),
    ("catalog", &["spi"]),
    ("connectors", &["spi", "stream", "formats"]),
    ("stores", &["spi"]),
    ("stream", &["spi"]),
    ("render", &[]),
    ("spi", &[]),
    ("formats", &[]),
    ("error", &[]),
];

/// Crates, with the crates whose names begin with theirs and `_`, that modules must not name:
/// front ends know the engine's own types, bytes are read without a runtime.
const FOREIGN: [(&str, &[&str]); 5] = [
    ("formats", &["tokio", "datafusion", "object_store"]),
    ("render", &["tokio", "datafusion", "object_store"]),
    ("repl", &["datafusion"]),
    ("cli", &["datafusion"]),
    ("server", &["datafusion"]),
];

/// What names something it must not.
pub(crate) fn complaints(root: &Folder) -> Vec<String> {
    let files = sources(root);
    let of = |file: &crate::tree::TextFile| {
        let place = Place::of(&file.path);
        let found = paths(&file.text).into_iter().filter_map(move |path| {
            let complaint = place.complaint(&path)?;
            Some(format!("{}:{}: {}: {complaint}", file.path, path.line, path.segments.join("::")))
        });
        found.collect::<Vec<_>>()
    };
    files.iter().flat_map(of).collect()
}

/// A file as a module.
struct Place {
    /// Its path from the crate's root, empty for `lib.rs`.
    module: Vec<String>,
    /// The layer; `main` and `lib` for the files of those names.
    layer: String,
    is_binary: bool,
}

impl Place {
    /// The place of a file by its path from the root.
    fn of(path: &str) -> Self {
        let within = path.trim_start_matches("src/").trim_end_matches(".rs");
        let mut module: Vec<String> = within.split('/').map(str::to_owned).collect();
        let layer = module[0].clone();
        let is_root = module.len() == 1 && (layer == "lib" || layer == "main");
        if is_root || module.last().is_some_and(|last| last == "mod") {
            module.pop();
        }
        let is_binary = is_root && layer == "main";
        Self { module, layer, is_binary }
    }

    fn complaint(&self, path: &Path) -> Option<String> {
        let allowed = match LAYERS.iter().find(|(layer, _)| *layer == self.layer) {
            Some((_, allowed)) => *allowed,
            None if self.layer == "lib" => &[],
            None => return Some(format!("{} is no layer: add it to the table", self.layer)),
        };
        match self.absolute(path) {
            Some(target) => self.complaint_about(&target, allowed),
            None => self.complaint_about_crate(&path.segments[0]),
        }
    }

    /// The path from the crate's root, if it leads there.
    fn absolute(&self, path: &Path) -> Option<Vec<String>> {
        let mut base: Vec<&String> = self.module.iter().chain(&path.scope).collect();
        let mut rest = path.segments.as_slice();
        match rest.first()?.as_str() {
            "crate" => {
                base.clear();
                rest = &rest[1..];
            }
            // The library, as the binary sees it.
            "sluice" if self.is_binary => {
                base.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|segment| segment == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            _ => return None,
        }
        Some(base.into_iter().chain(rest).cloned().collect())
    }

    fn complaint_about(&self, target: &[String], allowed: &[&str]) -> Option<String> {
        let Some(layer) = target.first().filter(|layer| *layer != "*" && *layer != "self") else {
            return Some("names the crate's root: name the module that is meant".to_owned());
        };
        let within_connectors = self.layer == "connectors" && self.module.len() > 1;
        if layer == "connectors" && within_connectors && target.get(1) != self.module.get(1) {
            return Some(format!(
                "connectors/{} must not know other connectors nor their list: what they share \
                 belongs to stream or spi",
                self.module[1]
            ));
        }
        if *layer == self.layer || layer == "error" || allowed.contains(&layer.as_str()) {
            return None;
        }
        if !LAYERS.iter().any(|(known, _)| known == layer) {
            return Some(format!("{layer} is no layer: add it to the table"));
        }
        let list = match allowed {
            [] => "only error".to_owned(),
            _ => format!("{} and error", allowed.join(", ")),
        };
        Some(format!("{} may use {list}, not {layer}: turn the dependency round", self.layer))
    }

    fn complaint_about_crate(&self, name: &str) -> Option<String> {
        let (_, foreign) = FOREIGN.iter().find(|(layer, _)| *layer == self.layer)?;
        let is = |known: &&&str| {
            name.strip_prefix(**known).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        let known = foreign.iter().find(is)?;
        Some(format!("{} must not know {known}: let the layer that does hand it over", self.layer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::repository;

    /// What a file at `path` is told about `code`, without its place.
    fn told(path: &str, code: &str) -> Vec<String> {
        let root = repository(&[(path, code)]);
        complaints(root.path())
    }

    #[test]
    fn what_the_table_allows_is_not_complained_about() {
        for (path, code) in [
            ("src/main.rs", "use sluice::{cli, error::Error}; fn main() { sluice::cli::run() }"),
            ("src/engine/mod.rs", "use crate::{catalog, connectors::CONNECTORS, spi::{A, b::*}};"),
            ("src/engine/a.rs", "use super::b; use crate::error::Result; use datafusion::x;"),
            ("src/engine/mod.rs", "mod tests { use super::*; } use self::a::B;"),
            ("src/connectors/mod.rs", "use crate::connectors::kafka::Kafka;"),
            ("src/connectors/kafka/scan.rs", "use super::client; use crate::stream::LogSource;"),
            ("src/connectors/kafka/mod.rs", "use crate::connectors::kafka::options; use tokio::x;"),
            ("src/render/a.rs", "// crate::engine::x\nuse tokiox::a; use crate::render::b;"),
            ("src/cli/mod.rs", "use tokio::runtime; use crate::repl::run;"),
            ("src/lib.rs", "pub mod cli;"),
        ] {
            assert_eq!(told(path, code), Vec::<String>::new(), "{path} {code}");
        }
    }

    #[test]
    fn what_it_does_not_allow_is() {
        for (path, code) in [
            ("src/main.rs", "use sluice::engine::Engine;"),
            ("src/repl/mod.rs", "use crate::{error, engine::{Query}, spi::Store};"),
            ("src/repl/mod.rs", "fn f() { crate::server::run() }"),
            ("src/render/mod.rs", "use super::engine::Query;"),
            ("src/render/a.rs", "mod tests { use super::super::super::engine; }"),
            ("src/render/a.rs", "use crate::*;"),
            ("src/render/a.rs", "use crate::oddities::x;"),
            ("src/oddities/a.rs", "use std::fmt;"),
            ("src/lib.rs", "pub use crate::cli::run;"),
            ("src/formats/hfile/mod.rs", "#[tokio::test] async fn f() {}"),
            ("src/formats/hfile/mod.rs", "use object_store::path;"),
            ("src/render/a.rs", "fn f(b: ::datafusion_common::X) {}"),
            ("src/server/a.rs", "use {std::fmt, datafusion::arrow};"),
        ] {
            assert_eq!(told(path, code).len(), 1, "{path} {code}");
        }
    }

    #[test]
    fn a_connector_knows_no_other_connector() {
        for code in [
            "use crate::connectors::files::listing;",
            "use crate::connectors::CONNECTORS;",
            "use super::super::files;",
            "use crate::connectors::{kafka::a, files::b};",
        ] {
            assert_eq!(told("src/connectors/kafka/scan.rs", code).len(), 1, "{code}");
        }
        assert_eq!(told("src/connectors/kafka/mod.rs", "use super::files;").len(), 1);
    }

    #[test]
    fn a_complaint_says_where_and_what_to_do() {
        assert_eq!(
            told("src/stores/s3.rs", "//! S3.\n\nuse crate::engine::Engine;"),
            [
                "src/stores/s3.rs:3: crate::engine::Engine: stores may use spi and error, not engine: \
              turn the dependency round"
            ]
        );
    }
}
