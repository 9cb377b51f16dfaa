//! Programs in Java, built with Maven where their sources are newer than what was built.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// Builds `tests/servers/<name>` if need be, and says where `<name>-1.jar` and `jars` are.
pub(super) fn built(name: &'static str) -> PathBuf {
    static BUILT: Mutex<Option<HashSet<&str>>> = Mutex::new(None);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers").join(name);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("servers").join(name);
    // One at a time: tests that need the same program wait for it.
    let mut known = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if known.get_or_insert_default().insert(name) {
        let jar = std::fs::metadata(target.join(format!("{name}-1.jar")));
        let is_built = jar.is_ok_and(|jar| jar.modified().unwrap() > newest(&sources));
        // What is already on this machine is not asked for again.
        if !is_built && !maven(&sources, &target, &["--offline"]) {
            assert!(maven(&sources, &target, &[]), "Maven cannot build {}", sources.display());
        }
    }
    target
}

/// When a file below a folder was changed last.
fn newest(folder: &Path) -> SystemTime {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let times = entries.map(|path| {
        if path.is_dir() {
            newest(&path)
        } else {
            std::fs::metadata(path).unwrap().modified().unwrap()
        }
    });
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
