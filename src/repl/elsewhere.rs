//! Words of other shells that mean nothing here, and what does the same.

/// Words and their answer.
const WORDS: &[(&[&str], &str)] = &[
    (&["di", "indexes", "indices"], "files have no indexes: \\d+ TABLE shows what a table reads"),
    (&["du", "dg", "dp", "password"], "users are the server's: sluice user, sluice token"),
    (&["dT", "dD"], "SELECT … \\gdesc shows the types of a result, \\d TABLE those of a table"),
    (&["ds", "dm", "dE", "dx"], "\\dt lists what there is: tables and views"),
    (&["sv", "sf"], "SHOW CREATE TABLE NAME shows how a view is made"),
    (&["import", "load"], "a file is a table: SELECT * FROM 'file.csv'"),
    (&["export", "excel", "dump"], "\\copy (QUERY) to 'file.csv', .parquet or .json writes a file"),
    (&["open", "restore", "backup"], "catalogs are files of the catalog folder: \\l lists them"),
    (&["H"], "\\format html"),
    (&["C", "title"], "\\echo TEXT writes a line above a result"),
    (&["w"], "\\s FILE writes what was typed, \\e FILE edits a file"),
    (
        &["encoding"],
        "texts are UTF-8; the option encoding of a table file says otherwise of a file",
    ),
    (&["version"], "SELECT version(), or \\conninfo"),
    (&["show"], "\\pset shows the options of results, \\dconfig the settings"),
    (&["columns", "rows", "gexec"], "\\x shows one column a line, \\crosstabview turns a result"),
    (&["maxwidth", "width"], "\\last shows a result whole, \\x one column a line"),
    (&["if", "elif", "else", "endif", "prompt"], "pass values with -v NAME=VALUE and use :NAME"),
    (&["bail"], "--on-error and ON_ERROR_STOP say whether a script goes on: sluice --help"),
    (&["setenv"], "\\! runs commands, \\getenv reads the environment"),
    (
        &["nt", "f+", "fs", "fd", "fl"],
        "\\n lists queries with names, \\ns keeps one, \\nd forgets it",
    ),
];

/// What to say to who types the word of another shell.
pub(super) fn instead(word: &str) -> Option<&'static str> {
    WORDS.iter().find(|(words, _)| words.contains(&word)).map(|(_, answer)| *answer)
}

#[cfg(test)]
mod tests {
    use super::WORDS;
    use crate::repl::commands::COMMANDS;

    #[test]
    fn no_word_of_another_shell_is_one_of_ours() {
        for word in WORDS.iter().flat_map(|(words, _)| *words) {
            let is_ours = COMMANDS.iter().any(|command| command.names().contains(word));
            assert!(!is_ours, "\\{word} is a command");
        }
    }
}
