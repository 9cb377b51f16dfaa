//! Programs of ours in Java that are servers for tests: built with Maven where their sources are newer.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// Builds `tests/servers/<name>` where its sources are newer, and gives the class path.
pub(crate) fn class_path(name: &str) -> String {
    let target = build(name);
    let jar = target.join(format!("{name}-1.jar"));
    format!("{}:{}", jar.display(), target.join("jars/*").display())
}

fn build(name: &str) -> PathBuf {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers").join(name);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("servers").join(name);
    let built = std::fs::metadata(target.join(format!("{name}-1.jar"))).and_then(|it| it.modified());
    let newest = newest(&sources.join("src")).max(newest(&sources.join("pom.xml")));
    // What is already on this machine is not asked for again.
    if !built.is_ok_and(|built| built > newest) && !maven(&sources, &target, &["--offline"]) {
        assert!(maven(&sources, &target, &[]), "Maven cannot build {}", sources.display());
    }
    target
}

/// When the last file below a path changed.
fn newest(path: &Path) -> SystemTime {
    if !path.is_dir() {
        return std::fs::metadata(path).and_then(|it| it.modified()).unwrap();
    }
    let entries = std::fs::read_dir(path).unwrap();
    let times = entries.map(|entry| newest(&entry.unwrap().path()));
    times.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

fn maven(sources: &Path, target: &Path, more: &[&str]) -> bool {
    let output = Command::new("mvn")
        .args(["--quiet", "--batch-mode", "package"])
        .arg(format!("-Dout={}", target.display()))
        .args(more)
        .current_dir(sources)
        .output()
        .expect("Maven starts");
    if !output.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&output.stdout));
    }
    output.status.success()
}
