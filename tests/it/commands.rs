//! What every command of the prompt prints, held against `commands.txt`.
//!
//! Each line that begins with `> ` is given to the program as a script over one small catalog; what it
//! prints follows, standard error marked with `! `. `UPDATE=1` writes the file anew.

use crate::program::Program;

/// Commands that need a terminal, and where they are tried.
const AT_A_TERMINAL: [&str; 5] = ["e", "clear", "watch", "r", "keys"];

fn program() -> Program {
    let program = Program::new();
    program
        .write("catalog/lake.toml", "connector = \"files\"\n[options]\nlocation = \"../data\"\n");
    program.write("data/raw/users.csv", "id,name\n1,ada\n2,\n3,grace\n");
    program.write("two.sql", "select 1 + 1 as two;\n");
    program.write("sluice/queries.toml", "top = \"select * from lake.raw.users limit $1\"\n");
    program
}

/// Texts that are the same on every machine and every day: without sizes, times, names of folders and
/// what depends on them, such as how wide a column is.
fn steady(script: &str, text: &str, folder: &str) -> String {
    let varies = ["\\profile", "\\receipt", "\\estimate", "\\d+"];
    let varies = varies.iter().any(|command| script.contains(command)) || text.contains(folder);
    let timed = ["time: ", "version: "];
    let mut steady = String::new();
    for line in text.replace(folder, "FOLDER").lines() {
        if varies || timed.iter().any(|word| line.contains(word)) {
            let words: Vec<String> = line.split_whitespace().map(word).collect();
            steady.push_str(&words.join(" "));
        } else {
            steady.push_str(line.trim_end());
        }
        steady.push('\n');
    }
    steady
}

/// A word without what differs from run to run.
fn word(word: &str) -> String {
    if word.starts_with("rp1-") {
        return "TOKEN".to_owned();
    }
    // Times are in the unit that they need.
    if ["µs", "ms", "ns"].contains(&word) {
        return "s".to_owned();
    }
    if word.contains('─') {
        return "─".to_owned();
    }
    if word.matches('_').count() == 3 && word.starts_with(|c: char| c.is_ascii_digit()) {
        return "ID".to_owned();
    }
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return word.to_owned();
    }
    let mut steady = word.replace(|c: char| c.is_ascii_digit(), "N");
    while steady.contains("NN") {
        steady = steady.replace("NN", "N");
    }
    steady
}

#[test]
fn every_command_prints_what_is_written_down() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/commands.txt");
    let expected = std::fs::read_to_string(path).unwrap();
    let mut printed = String::new();
    let program = program();
    let folder = program.path("").display().to_string();
    for script in expected.lines().filter_map(|line| line.strip_prefix("> ")) {
        let args = ["--catalog", "lake", "--schema", "raw"];
        let ran = program.run_with(&args, &format!("{}\n", script.replace(" ⏎ ", "\n")));
        let stderr: String = ran.stderr.lines().map(|line| format!("! {line}\n")).collect();
        printed.push_str(&format!("> {script}\n"));
        printed.push_str(&steady(script, &(ran.stdout + &stderr), folder.trim_end_matches('/')));
        printed.push('\n');
    }
    let printed = format!("{}\n", printed.trim_end());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &printed).unwrap();
    }
    assert!(printed == expected, "UPDATE=1 writes it anew, git diff shows how:\n{printed}");
}

#[test]
fn every_command_is_among_them() {
    let expected = include_str!("commands.txt");
    let help = Program::new().run_with(&[], "\\?\n").stdout;
    let commands: Vec<&str> = help
        .lines()
        .filter_map(|line| line.strip_prefix('\\')?.split_whitespace().next())
        .filter(|name| !AT_A_TERMINAL.contains(name))
        .collect();
    assert!(commands.len() > 50, "{help}");
    for name in commands {
        let is_tried = expected
            .lines()
            .filter_map(|line| line.strip_prefix("> "))
            .any(|line| line.split_whitespace().any(|word| word == format!("\\{name}")));
        assert!(is_tried, "no line `> \\{name}` in commands.txt");
    }
}
