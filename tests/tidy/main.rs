//! Rules over the source tree that a compiler does not check; one file per rule.
//!
//! Each rule is a function from a repository's root to complaints, so that it can be tried on small
//! trees made for it. A complaint names the place and says what to do. There are no exceptions
//! lists: where a rule is wrong, it is the rule that changes.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod documents;
mod files;
mod layers;
mod lists;
mod rust;
mod tree;
mod words;

use std::path::Path;

/// Fails with every complaint that `rule` has about this repository.
fn holds(rule: impl Fn(&Path) -> Vec<String>) {
    let complaints = rule(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn modules_name_only_what_the_layers_allow() {
    holds(layers::complaints);
}

#[test]
fn every_source_file_says_what_it_is_for() {
    holds(files::without_head);
}

#[test]
fn every_file_of_the_integration_tests_runs() {
    holds(files::left_out_of_tests);
}

#[test]
fn no_source_file_is_too_long() {
    holds(files::too_long);
}

#[test]
fn every_connector_store_format_and_command_is_in_its_list() {
    holds(lists::complaints);
}

#[test]
fn toml_in_documents_parses() {
    holds(documents::bad_toml);
}

#[test]
fn links_in_documents_lead_somewhere() {
    holds(documents::dead_links);
}

#[test]
fn no_file_names_a_path_of_somebodys_machine() {
    holds(words::machine_paths);
}

#[test]
fn no_lint_is_switched_off() {
    holds(words::allowed_lints);
}

#[test]
fn nothing_is_left_for_later() {
    holds(words::unfinished);
}
