//! ORC and Avro files that the systems' own libraries write, with what is in them.

use super::java;

/// A folder of files `<name>.orc` and `<name>.avro`, each with `<name>.jsonl`: its rows.
pub(crate) fn make(seed: u64) -> tempfile::TempDir {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let output = java::command("lakes", "Lakes", 500, &[])
        .arg(folder.path())
        .arg(seed.to_string())
        .output()
        .expect("java starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}
