//! The files in which command line tools of providers keep keys: sections of `name = value`.

use std::collections::BTreeMap;

/// A parsed file. Section and key names are compared without case, `_` and `-`.
#[derive(Debug, Default)]
pub(in crate::stores) struct Ini(BTreeMap<String, BTreeMap<String, String>>);

impl Ini {
    /// Reads a text; lines that are neither sections nor pairs are passed over, as the tools do.
    pub(in crate::stores) fn parse(text: &str) -> Self {
        let mut sections = BTreeMap::<String, BTreeMap<String, String>>::new();
        let mut section = String::new();
        for line in text.lines().map(str::trim) {
            if line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = plain(name);
            } else if let Some((key, value)) = line.split_once('=') {
                let value = value.trim().trim_matches('"').to_owned();
                sections.entry(section.clone()).or_default().insert(plain(key), value);
            }
        }
        Self(sections)
    }

    /// Whether there is a section.
    pub(in crate::stores) fn has(&self, section: &str) -> bool {
        self.0.contains_key(&plain(section))
    }

    /// A value that is not empty.
    pub(in crate::stores) fn get(&self, section: &str, key: &str) -> Option<&str> {
        let value = self.0.get(&plain(section))?.get(&plain(key))?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }
}

fn plain(name: &str) -> String {
    let plain = name.trim().chars().filter(|c| !matches!(c, '_' | '-'));
    plain.collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_as_the_tools_spell_them() {
        let ini =
            Ini::parse("# mine\n[Credentials]\naccessKeyID = LTAI1\naccess_key_secret=\"s\"\n");
        assert_eq!(ini.get("credentials", "access_key_id"), Some("LTAI1"));
        assert_eq!(ini.get("Credentials", "accessKeySecret"), Some("s"));
        assert!(ini.has("CREDENTIALS") && !ini.has("default"));
    }
}
