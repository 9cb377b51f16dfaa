//! Bytes of buckets that are kept on a disk: the same answers, without asking again.

use std::path::{Path, PathBuf};

use super::{catalog_file, stores};
use crate::program::Program;
use crate::servers::buckets::{Buckets, buckets};

/// A counter of the receipt of a statement, and its answer.
fn counted(program: &Program, sql: &str, names: &[&str]) -> (String, Vec<u64>) {
    let answer = program.answer(&[sql, "show receipt"]);
    let (answer, receipt) = answer.split_once("\n\n").unwrap();
    let count = |name: &&str| {
        let lines = receipt.lines().filter(|line| line.contains(&format!(",{name},")));
        lines.map(|line| line.split(',').nth(3).unwrap().parse::<u64>().unwrap()).sum()
    };
    (answer.to_owned(), names.iter().map(count).collect())
}

/// The files of a cache.
fn kept(folder: &Path) -> Vec<PathBuf> {
    let below = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = below.flat_map(|below| std::fs::read_dir(below.path()).into_iter().flatten());
    files.map(|file| file.unwrap().path()).collect()
}

fn program(buckets: &Buckets, kind: &str, more: &str) -> Program {
    let store = stores(buckets).into_iter().find(|(found, _)| *found == kind).unwrap().1;
    let program = Program::new();
    let location = format!("{kind}://made/kept-{kind}/");
    let store = format!("{store}cache_dir = '../kept'\n{more}");
    program.write("catalog/b.toml", catalog_file(&location, &store));
    program
}

const FILL: &str = "copy (select value as n, md5(value::varchar) as s from generate_series(1, 60000)) \
    to 'KIND://made/kept-KIND/raw/t.parquet' (row_group_size 10000)";

const SUMS: &str = "select count(*), sum(n), min(s), max(s) from b.raw.t where n % 3 = 0";

#[test]
fn what_was_read_is_not_asked_for_again() {
    let buckets = buckets();
    for kind in ["s3", "oss"] {
        let program = program(&buckets, kind, "");
        program.answer(&[&FILL.replace("KIND", kind)]);
        let names = ["bytes_received", "bytes_from_cache", "cache_hits", "get_requests"];
        let (first, counts) = counted(&program, SUMS, &names);
        let size = counts[0];
        assert!(size > 1_000_000, "{counts:?}");
        let (again, counts) = counted(&program, SUMS, &names);
        assert_eq!(again, first);
        // Columns are found out without a pinned content: the end of the file is asked for.
        assert!(counts[0] <= size / 10 && counts[1] >= 1_000_000 && counts[2] > 3, "{counts:?}");
        // A damaged block is found and read again; so is one that was cut off.
        let files = kept(&program.path("kept"));
        assert!(files.len() > 4, "{files:?}");
        for (number, file) in files.iter().enumerate() {
            let mut bytes = std::fs::read(file).unwrap();
            match number % 3 {
                0 => bytes[100] ^= 1,
                1 => bytes.truncate(bytes.len() / 2),
                _ => {}
            }
            std::fs::write(file, bytes).unwrap();
        }
        let (again, counts) = counted(&program, SUMS, &names);
        assert_eq!(again, first);
        assert!(counts[0] > size / 4, "{counts:?}");
        let (_, counts) = counted(&program, SUMS, &names);
        assert!(counts[0] <= size / 10, "{counts:?}");
        // An object of the same name and size is another content.
        program.answer(&[&FILL.replace("KIND", kind).replace("md5(", "md5('x' || ")]);
        let (other, counts) = counted(&program, SUMS, &names);
        assert_ne!(other, first);
        assert_eq!(other.split(',').next(), first.split(',').next());
        assert!(counts[0] > size / 2, "{counts:?}");
        // A text, which is read in pieces, and a part of it.
        program.answer(&[&format!(
            "copy (select n, s from b.raw.t) to '{kind}://made/kept-{kind}/raw/text.csv'"
        )]);
        let text = "select count(*), sum(n), max(s) from b.raw.text";
        let (first, _) = counted(&program, text, &names);
        let (again, counts) = counted(&program, text, &names);
        assert_eq!(again, first);
        assert!(counts[1] > 1_000_000, "{counts:?}");
    }
}

#[test]
fn a_cache_is_shared_by_processes_and_keeps_its_size() {
    let buckets = buckets();
    let program = program(&buckets, "s3", "cache_size = 1_000_000\n");
    program.answer(&[&FILL.replace("KIND", "s3")]);
    let expected = program.answer(&[SUMS]);
    let running: Vec<_> = (0..4)
        .map(|_| {
            let mut command = program.command(&["--csv", "-t", "-c", SUMS, "-c", SUMS]);
            command.stdout(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for running in running {
        let ran = running.wait_with_output().unwrap();
        let answers = String::from_utf8(ran.stdout).unwrap();
        assert_eq!(answers.matches(expected.trim()).count(), 2, "{answers}");
    }
    let files = kept(&program.path("kept"));
    let total: u64 = files.iter().map(|file| std::fs::metadata(file).unwrap().len()).sum();
    // Each of four may write a sixteenth before it counts.
    assert!(!files.is_empty() && total < 1_300_000, "{total} bytes in {} files", files.len());
}

#[test]
fn without_a_place_for_the_cache_it_goes_on_and_says_so() {
    let buckets = buckets();
    let program = program(&buckets, "s3", "");
    program.answer(&[&FILL.replace("KIND", "s3")]);
    std::fs::write(program.path("kept"), "a file in the place of the folder").unwrap();
    let answers = program.answer(&[SUMS, "show receipt", SUMS, "show receipt"]);
    let said: Vec<_> = answers.lines().filter(|line| line.contains("cache_given_up")).collect();
    assert!(said.len() == 1 && said[0].contains("kept: "), "{answers}");
    assert!(answers.starts_with("20000,"), "{answers}");
}
