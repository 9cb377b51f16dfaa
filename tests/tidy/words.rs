//! Words that have no place in the repository: paths of somebody's machine, lints switched off,
//! code left for later.

use std::path::Path;

use crate::rust::{Token, tokens};
use crate::tree::{TextFile, sources, text_files};

/// Beginnings of paths of a developer's machine, in pieces so that this file has none.
const HOMES: [&str; 3] = [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/")];

/// Lines of any text file that name a path of a developer's machine.
pub(crate) fn machine_paths(root: &Path) -> Vec<String> {
    let files = text_files(root, "", |_| true);
    let of = |file: &TextFile| {
        let lines = file.text.lines().enumerate();
        let found = lines.filter_map(|(index, line)| {
            let home = HOMES.iter().find(|home| names(line, home))?;
            let place = format!("{}:{}", file.path, index + 1);
            Some(format!("{place}: {home}: name no path of a machine: use a relative one"))
        });
        found.collect::<Vec<_>>()
    };
    files.iter().flat_map(of).collect()
}

/// Whether `line` has an absolute path that begins with `home` and goes on with a name.
fn names(line: &str, home: &str) -> bool {
    line.match_indices(home).any(|(at, _)| {
        let before = &line[..at];
        // Behind other parts of a path or an address it is a folder of that name.
        let inner = before.ends_with(|c: char| c.is_alphanumeric() || "._-*}>$/~".contains(c));
        let goes_on =
            line[at + home.len()..].starts_with(|c: char| c.is_alphanumeric() || "._".contains(c));
        goes_on && (!inner || before.ends_with("file://"))
    })
}

/// `allow(…)` in attributes.
pub(crate) fn allowed_lints(root: &Path) -> Vec<String> {
    each_source(root, |tokens, at| {
        // `allow(` outside `#[…]` is a function of that name.
        let is_allow = tokens[at].is_name("allow") && is_sign(tokens, at + 1, "(");
        (is_allow && in_attribute(&tokens[..at])).then(|| {
            "allow(…): do what the lint asks, or move the lint to Cargo.toml for all".to_owned()
        })
    })
}

/// Whether the next token stands within `#[…]` or `#![…]`.
fn in_attribute(before: &[Token<'_>]) -> bool {
    let mut closed = 0_usize;
    for (at, token) in before.iter().enumerate().rev() {
        if token.is_sign("]") {
            closed += 1;
        } else if token.is_sign("[") && closed > 0 {
            closed -= 1;
        } else if token.is_sign("[") {
            let sign = |back| at.checked_sub(back).map(|at| before[at]);
            let hash = |back| sign(back).is_some_and(|sign| sign.is_sign("#"));
            return hash(1) || (sign(1).is_some_and(|sign| sign.is_sign("!")) && hash(2));
        } else if token.is_sign(";") || token.is_sign("{") || token.is_sign("}") {
            return false;
        }
    }
    false
}

/// Macros that stand for code nobody wrote yet, or for a look at a value.
pub(crate) fn unfinished(root: &Path) -> Vec<String> {
    each_source(root, |tokens, at| {
        let name = tokens[at].text;
        let is_macro = is_sign(tokens, at + 1, "!") && !is_sign(tokens, at + 2, "=");
        match name {
            "todo" | "unimplemented" if is_macro => {
                Some(format!("{name}!: write it, or return an error of kind Unsupported"))
            }
            "dbg" if is_macro => Some("dbg!: remove it".to_owned()),
            _ => None,
        }
    })
}

fn is_sign(tokens: &[Token<'_>], at: usize, sign: &str) -> bool {
    tokens.get(at).is_some_and(|token| token.is_sign(sign))
}

/// What `rule` says about any token of any source file, with its place.
fn each_source(root: &Path, rule: impl Fn(&[Token<'_>], usize) -> Option<String>) -> Vec<String> {
    let files = sources(root);
    let of = |file: &TextFile| {
        let tokens = tokens(&file.text);
        let found = (0..tokens.len()).filter_map(|at| {
            Some(format!("{}:{}: {}", file.path, tokens[at].line, rule(&tokens, at)?))
        });
        found.collect::<Vec<_>>()
    };
    files.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::repository;

    #[test]
    fn absolute_paths_of_a_machine_are_found_in_any_file() {
        let [root_home, home, work] = HOMES;
        let bad = [
            format!("see {root_home}x"),
            format!("(\"{home}someone/y\")"),
            format!("at {work}main"),
            format!("file://{home}someone"),
        ];
        let good = [
            format!("oss://bucket{work}x"),
            format!("hdfs://host{home}y"),
            format!("${{X}}{work}z"),
            format!("{home}<name>"),
            format!("a{root_home}b"),
        ];
        let (bad, good) = (bad.join("\n"), good.join("\n"));
        let root = repository(&[(".ci/run", &bad), ("docs/a.md", &good)]);
        let told = machine_paths(root.path());
        let places: Vec<_> = told.iter().map(|told| &told[..9]).collect();
        assert_eq!(places, [".ci/run:1", ".ci/run:2", ".ci/run:3", ".ci/run:4"]);
    }

    #[test]
    fn an_attribute_that_allows_is_found_and_a_function_is_not() {
        let text = "#![allow(dead_code)]\n#[cfg_attr(test, allow(x))]\nfn f() { policy.allow(x); }\n\
                    #[derive(A)] fn allow(x: [u8; 2]) { [allow(1)] } // #[allow(a)]\n#[deny(a)]";
        let root = repository(&[("src/a.rs", text)]);
        let lines: Vec<_> =
            allowed_lints(root.path()).iter().map(|told| told[..10].to_owned()).collect();
        assert_eq!(lines, ["src/a.rs:1", "src/a.rs:2"]);
    }

    #[test]
    fn macros_for_later_are_found_in_code_only() {
        let text = "// todo!()\nfn f() { todo!() }\nfn g() { dbg!(1); \"dbg!\"; if todo != 1 {} }\n\
                    fn h() { std::unimplemented!(\"x\") }";
        let root = repository(&[("src/a.rs", text)]);
        let told = unfinished(root.path());
        assert_eq!(
            told,
            [
                "src/a.rs:2: todo!: write it, or return an error of kind Unsupported",
                "src/a.rs:3: dbg!: remove it",
                "src/a.rs:4: unimplemented!: write it, or return an error of kind Unsupported",
            ]
        );
    }
}
