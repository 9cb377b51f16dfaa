//! ORC and Avro files that the systems' own libraries write, with what is in them.

use super::java;

/// A folder of files of these kinds: of `orc` and `avro` each with `<name>.jsonl`, its rows; `sorted` is
/// of ORC, without.
pub(crate) fn make(seed: u64, kinds: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let output = java::command("lakes", "Lakes", 500, &[])
        .arg(folder.path())
        .arg(seed.to_string())
        .args(kinds)
        .output()
        .expect("java starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

/// The rows of a file as the systems' own libraries read them, a line of JSON each, where clocks show the
/// time of `zone`.
pub(crate) fn read(file: &std::path::Path, zone: &str) -> String {
    let zone = format!("-Duser.timezone={zone}");
    let output = java::command("lakes", "Written", 500, &[&zone]).arg(file).output();
    let output = output.expect("java starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", file.display());
    String::from_utf8(output.stdout).unwrap()
}
