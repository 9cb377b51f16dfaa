//! What documents show works: TOML parses, links lead to files.

use std::path::{Component, Path, PathBuf};

use crate::tree::{TextFile, text_files};

/// Blocks of TOML that do not parse, in the documents of users: README, docs, connectors.
pub(crate) fn bad_toml(root: &Path) -> Vec<String> {
    let is_connector = |path: &str| {
        let within = path.strip_prefix("src/connectors/");
        let folder = within.and_then(|within| within.strip_suffix("/README.md"));
        folder.is_some_and(|folder| !folder.contains('/'))
    };
    let is_doc = |path: &str| {
        let within = path.strip_prefix("docs/").and_then(|within| within.strip_suffix(".md"));
        within.is_some_and(|within| !within.contains('/'))
    };
    let wanted = |path: &str| path == "README.md" || is_doc(path) || is_connector(path);
    let files = text_files(root, "", wanted);
    let of = |file: &TextFile| {
        let blocks = Lines::of(&file.text).blocks("toml").into_iter();
        let bad = blocks.filter_map(|(line, block)| {
            let error = block.parse::<toml::Table>().err()?;
            let message = error.message().replace('\n', ", ");
            let at = error.span().map_or(0, |span| block[..span.start].matches('\n').count());
            let place = format!("{}:{}", file.path, line + at);
            Some(format!("{place}: not TOML: {message}: mend it, or call the block text"))
        });
        bad.collect::<Vec<_>>()
    };
    files.iter().flat_map(of).collect()
}

/// Relative links in any document that lead to no file.
pub(crate) fn dead_links(root: &Path) -> Vec<String> {
    let files = text_files(root, "", |path| path.ends_with(".md"));
    let of = |file: &TextFile| {
        let folder = Path::new(&file.path).parent().unwrap_or(Path::new("")).to_owned();
        let links = Lines::of(&file.text).links().into_iter();
        let dead = links.filter_map(|(line, target)| {
            let place = format!("{}:{line}", file.path);
            let leads = within(&folder.join(target)).is_some_and(|path| root.join(path).exists());
            (!leads).then(|| {
                format!("{place}: {target}: no such file in the repository: mend the link")
            })
        });
        dead.collect::<Vec<_>>()
    };
    files.iter().flat_map(of).collect()
}

/// The path without `..`, if it stays within the repository.
fn within(path: &Path) -> Option<PathBuf> {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => clean.push(name),
            Component::ParentDir if clean.pop() => {}
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(clean)
}

/// A line of a document.
struct Line<'a> {
    /// 1-based.
    number: usize,
    text: &'a str,
    /// The language of the code block the line is in, empty if it names none.
    code: Option<&'a str>,
}

/// The lines of a document but for those that open or close a block of code.
struct Lines<'a>(Vec<Line<'a>>);

impl<'a> Lines<'a> {
    fn of(document: &'a str) -> Self {
        let mut lines = Vec::new();
        let mut open: Option<(&str, &str)> = None;
        for (index, text) in document.lines().enumerate() {
            let trimmed = text.trim_start();
            let fence = ["`", "~"].into_iter().find_map(|sign| {
                let length = trimmed.len() - trimmed.trim_start_matches(sign).len();
                (length >= 3).then(|| trimmed.split_at(length))
            });
            match (open, fence) {
                (None, Some((fence, info))) => {
                    let words = info.trim().split([' ', ',', '{']);
                    open = Some((fence, words.into_iter().next().unwrap_or_default()));
                }
                (Some((opening, _)), Some((fence, info)))
                    if fence.starts_with(opening) && info.trim().is_empty() =>
                {
                    open = None;
                }
                (open, _) => {
                    let code = open.map(|(_, language)| language);
                    lines.push(Line { number: index + 1, text, code });
                }
            }
        }
        Self(lines)
    }

    /// The blocks of code in `language`, with the number of their first line.
    fn blocks(&self, language: &str) -> Vec<(usize, String)> {
        let mut blocks: Vec<(usize, String)> = Vec::new();
        let mut last = 0;
        for line in self.0.iter().filter(|line| line.code == Some(language)) {
            match blocks.last_mut().filter(|_| line.number == last + 1) {
                Some((_, block)) => block.extend(["\n", line.text]),
                None => blocks.push((line.number, line.text.to_owned())),
            }
            last = line.number;
        }
        blocks
    }

    /// The targets of relative links outside code, without `#…`, with their line.
    fn links(&self) -> Vec<(usize, &'a str)> {
        let mut links = Vec::new();
        for line in self.0.iter().filter(|line| line.code.is_none()) {
            // Every other piece between backquotes is code.
            let definition = line.text.trim_start().strip_prefix('[').and_then(|text| {
                let (_, target) = text.split_once("]: ")?;
                target.split_whitespace().next()
            });
            let prose = line.text.split('`').step_by(2);
            let inline = prose.flat_map(|text| text.split("](").skip(1)).map(|text| {
                let target = text.strip_prefix('<').unwrap_or(text);
                target.split([')', ' ', '>']).next().unwrap_or_default()
            });
            for target in inline.chain(definition) {
                let path = target.split('#').next().unwrap_or_default();
                let has_scheme = target.contains("://") || target.starts_with("mailto:");
                if !path.is_empty() && !has_scheme {
                    links.push((line.number, path));
                }
            }
        }
        links
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::repository;

    #[test]
    fn toml_that_does_not_parse_is_told_with_its_line() {
        let good = "# T\n```toml\na = 1\n```\n```sql\nselect\n```\n```toml\n[b]\n```\n";
        let bad = "text\n\n```toml\na = 1\nb = = 2\n```\n~~~~toml title\nc = 1\n```\n~~~~\n";
        let root = repository(&[
            ("README.md", good),
            ("docs/a.md", bad),
            ("docs/deep/b.md", bad),
            ("src/connectors/kafka/README.md", "```toml\nx = \"${Y}\"\nx = 2\n```"),
        ]);
        let told = bad_toml(root.path());
        let starts = ["docs/a.md:5: not TOML:", "docs/a.md:9: not TOML:"];
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(starts.iter().zip(&told).all(|(start, told)| told.starts_with(start)), "{told:?}");
        assert!(told[2].starts_with("src/connectors/kafka/README.md:"), "{told:?}");
    }

    #[test]
    fn two_blocks_are_two_documents() {
        let text = "```toml\na = 1\n```\n```toml\na = 2\n```\n";
        let blocks = Lines::of(text).blocks("toml");
        assert_eq!(blocks, [(2, "a = 1".to_owned()), (5, "a = 2".to_owned())]);
    }

    #[test]
    fn a_link_leads_to_a_file_of_the_repository() {
        let text = "[a](docs/b.md#part) ![i](<docs/b.md>) [w](https://x.org/a) [m](mailto:a@b)\n\
                    `[no](code.md)` [p](#part) [dir](docs)\n```\n[no](block.md)\n```\n\
                    [x](missing.md) and [y](docs/c.md \"title\")\n[ref]: gone.md\n";
        let root = repository(&[
            ("README.md", text),
            ("docs/b.md", "[up](../README.md) [out](../../other/x.md) [root](/README.md)"),
        ]);
        let places: Vec<String> = dead_links(root.path())
            .into_iter()
            .map(|told| told.split(": no such").next().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(
            places,
            [
                "README.md:6: missing.md",
                "README.md:6: docs/c.md",
                "README.md:7: gone.md",
                "docs/b.md:1: ../../other/x.md",
                "docs/b.md:1: /README.md",
            ]
        );
    }
}
