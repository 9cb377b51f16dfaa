//! The servers behind the tests of buckets, one of each for all tests: an S3-compatible gateway and
//! the front that is OSS before it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

use super::certificates::{authority, signed};

/// A gateway and its front.
pub(crate) struct Buckets {
    folder: TempDir,
    /// The gateway's port: S3.
    pub(crate) gateway: u16,
    /// The front's port: an HTTP proxy.
    pub(crate) front: u16,
    // Ends when its standard input does, which is when this process does.
    _running: Child,
}

static BUCKETS: LazyLock<Buckets> = LazyLock::new(Buckets::start);

// Faults and the list of requests belong to one test at a time.
static TURN: Mutex<()> = Mutex::new(());

/// The servers, for one test alone.
pub(crate) struct Turn {
    _turn: MutexGuard<'static, ()>,
}

impl std::ops::Deref for Turn {
    type Target = Buckets;

    fn deref(&self) -> &Buckets {
        &BUCKETS
    }
}

/// Waits for the servers to be free, without faults.
pub(crate) fn buckets() -> Turn {
    let turn = Turn { _turn: TURN.lock().unwrap_or_else(PoisonError::into_inner) };
    turn.faults("[]");
    turn.machine(r#"{"absent": true, "ahead": 0, "lifetime": 3600}"#);
    turn.requests();
    turn
}

fn servers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/oss")
}

impl Buckets {
    fn start() -> Self {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("servers");
        let built = Command::new(servers().join("build")).arg(&cache).output().unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let gateway = String::from_utf8(built.stdout).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let buckets = folder.path().join("buckets");
        for bucket in ["lake", "public-lake", "lake-beijing", "made"] {
            std::fs::create_dir_all(buckets.join(bucket)).unwrap();
        }
        authority(folder.path());
        // Every bucket of two regions.
        let hosts = "DNS:*.oss-cn-hangzhou.aliyuncs.com,DNS:*.oss-cn-beijing.aliyuncs.com,DNS:sts.aliyuncs.com";
        signed(folder.path(), "server", hosts);
        let mut running = Command::new("python3")
            .arg(servers().join("front.py"))
            .arg(gateway.trim())
            .arg(&buckets)
            .arg(folder.path().join("server.pem"))
            .arg(folder.path().join("server.key"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(running.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ports: Vec<u16> = line.split_whitespace().map(|port| port.parse().unwrap()).collect();
        let [gateway, front] = ports[..] else { panic!("the servers say {line:?}") };
        Self { folder, gateway, front, _running: running }
    }

    /// The folder whose files are the objects of a bucket.
    pub(crate) fn bucket(&self, name: &str) -> PathBuf {
        self.folder.path().join("buckets").join(name)
    }

    /// The authority that signed the front's certificate.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Says what goes wrong next.
    pub(crate) fn faults(&self, json: &str) {
        self.ask("PUT", "/faults", json);
    }

    /// Says how the machine is: its metadata server and its clock.
    pub(crate) fn machine(&self, json: &str) {
        self.ask("PUT", "/machine", json);
    }

    /// What was asked since the last call: method, host, path, query.
    pub(crate) fn requests(&self) -> Vec<[String; 4]> {
        serde_json::from_str(&self.ask("GET", "/requests", "")).unwrap()
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.front)).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}
