//! Servers in Java: `tests/servers/NAME`, built with Maven where Cargo builds.

use std::collections::HashMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// What was looked at by this process.
static BUILT: Mutex<Option<HashMap<&'static str, PathBuf>>> = Mutex::new(None);

/// Builds a server where its sources are newer, and says where it is: `NAME-1.jar` and `jars/`.
pub(crate) fn built(name: &'static str, source: &str) -> PathBuf {
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let built = built.get_or_insert_default();
    if let Some(target) = built.get(name) {
        return target.clone();
    }
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers").join(name);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("servers").join(name);
    let jar = target.join(format!("{name}-1.jar"));
    let changed = |path: &Path| std::fs::metadata(path).and_then(|it: Metadata| it.modified());
    let newest = ["pom.xml", source]
        .iter()
        .map(|name| changed(&sources.join(name)).unwrap())
        .max()
        .unwrap_or(SystemTime::UNIX_EPOCH);
    let is_built = changed(&jar).is_ok_and(|built| built > newest);
    // What is already on this machine is not asked for again.
    if !is_built && !maven(&sources, &target, &["--offline"]) {
        assert!(maven(&sources, &target, &[]), "Maven cannot build {}", sources.display());
    }
    built.insert(name, target.clone());
    target
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
