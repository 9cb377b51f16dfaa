//! Certificates, made by openssl.

use std::path::Path;
use std::process::Command;

/// An authority: `ca.pem` and `ca.key` in a folder.
pub(crate) fn authority(folder: &Path) {
    let name = "-subj /CN=authority -keyout ca.key -out ca.pem";
    openssl(folder, &format!("req -x509 -newkey rsa:2048 -nodes -days 2 {name}"));
}

/// A certificate of the folder's authority, `<name>.pem` with `<name>.key`, for hosts as openssl writes
/// them: `DNS:localhost,IP:127.0.0.1`.
pub(crate) fn signed(folder: &Path, name: &str, hosts: &str) {
    std::fs::write(folder.join("hosts"), format!("subjectAltName={hosts}")).unwrap();
    let request = format!("-subj /CN={name} -keyout {name}.key -out {name}.csr");
    openssl(folder, &format!("req -newkey rsa:2048 -nodes {request}"));
    let authority = "-CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile hosts";
    openssl(folder, &format!("x509 -req -in {name}.csr {authority} -out {name}.pem"));
}

/// Runs openssl in a folder, with arguments between spaces.
pub(crate) fn openssl(folder: &Path, arguments: &str) {
    let mut command = Command::new("openssl");
    let ran = command.args(arguments.split_whitespace()).current_dir(folder).output().unwrap();
    assert!(ran.status.success(), "{arguments}: {}", String::from_utf8_lossy(&ran.stderr));
}
