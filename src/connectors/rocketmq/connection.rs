//! One connection to a name server or a broker: questions out, answers in, in any order.
//!
//! What a server says unasked is passed over: it is meant for members of groups.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::error::Trouble;
use super::signing::{Fields, Signer};
use crate::error::{Error, Result};
use crate::formats::rocketmq::frame::{self, Header, Request};

/// How long a server may take to take a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// How long it may take to answer.
const ANSWER: Duration = Duration::from_secs(15);

/// The longest frame; the longest message that a broker takes is a setting of it, 4 MiB as it comes.
const LONGEST: u32 = 256 << 20;

/// What is set aside for a frame before its bytes have come.
const FIRST: usize = 512 << 10;

/// A connection, encrypted or not.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// How servers are connected to, and who asks.
#[derive(Clone)]
pub(super) struct Dialer {
    /// Encrypts, where connections are encrypted.
    pub(super) tls: Option<TlsConnector>,
    /// Signs, where servers want to know who asks.
    pub(super) signer: Option<Signer>,
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").field("signer", &self.signer).finish_non_exhaustive()
    }
}

/// A connection.
pub(super) struct Connection {
    dialer: Dialer,
    wire: BufReader<Box<dyn Wire>>,
    next: i32,
    // Questions without an answer.
    waiting: usize,
    // Whether a frame was begun and not ended.
    torn: bool,
    used: Instant,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("waiting", &self.waiting).finish_non_exhaustive()
    }
}

/// An answer: a header and the bytes of its frame.
#[derive(Debug)]
pub(super) struct Reply {
    /// The header.
    pub(super) header: Header,
    frame: Vec<u8>,
    body: usize,
}

impl Reply {
    /// What follows the header.
    pub(super) fn body(&self) -> &[u8] {
        self.frame.get(self.body..).unwrap_or_default()
    }
}

fn lost(e: &io::Error) -> Trouble {
    match e.kind() {
        io::ErrorKind::UnexpectedEof => Trouble::Passing("the connection was closed".to_owned()),
        _ => Trouble::Passing(e.to_string()),
    }
}

fn late(what: &str, limit: Duration) -> Trouble {
    Trouble::Passing(format!("{what} within {} s", limit.as_secs()))
}

impl Dialer {
    /// Encryption that trusts the authorities in a file, or the machine's.
    ///
    /// # Errors
    /// `Config` for a file that has none.
    pub(super) fn tls(authorities: Option<&PathBuf>) -> Result<TlsConnector> {
        let mut roots = RootCertStore::empty();
        match authorities {
            Some(path) => {
                for certificate in certificates(path)? {
                    roots.add(certificate).map_err(|e| wrong(path, e))?;
                }
            }
            // One that cannot be read is one less to be trusted.
            None => drop(
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs),
            ),
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| Error::internal(format!("TLS: {e}")))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(TlsConnector::from(Arc::new(config)))
    }

    /// Connects to `host:port`.
    pub(super) async fn dial(&self, address: &str) -> Result<Connection, Trouble> {
        let dialled = timeout(CONNECT, self.wire(address)).await;
        let wire = dialled.map_err(|_| late("does not take a connection", CONNECT))??;
        Ok(Connection {
            dialer: self.clone(),
            wire: BufReader::with_capacity(64 << 10, wire),
            next: 0,
            waiting: 0,
            torn: false,
            used: Instant::now(),
        })
    }

    async fn wire(&self, address: &str) -> Result<Box<dyn Wire>, Trouble> {
        let stream = TcpStream::connect(address).await.map_err(|e| lost(&e))?;
        // Questions are short, and their answers are waited for.
        stream.set_nodelay(true).map_err(|e| lost(&e))?;
        let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host).map_err(|e| Trouble::Passing(e.to_string()))?;
        Ok(Box::new(tls.connect(name, stream).await.map_err(|e| lost(&e))?))
    }
}

fn wrong(path: &Path, e: impl fmt::Display) -> Error {
    Error::config(format!("{}: {e}", path.display()))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_file_iter(path).map_err(|e| wrong(path, e))?;
    let found: Vec<_> = found.collect::<Result<_, _>>().map_err(|e| wrong(path, e))?;
    match found.is_empty() {
        true => Err(wrong(path, "there is no certificate in it")),
        false => Ok(found),
    }
}

impl Connection {
    /// Whether it can be used for something else: every question has its answer.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting == 0 && !self.torn
    }

    /// How long nothing was asked.
    pub(super) fn unused(&self) -> Duration {
        self.used.elapsed()
    }

    /// Asks; the answer will name the number that is returned.
    pub(super) async fn ask(&mut self, code: i32, mut fields: Fields) -> Result<i32, Trouble> {
        if let Some(signer) = &self.dialer.signer {
            signer.sign(&mut fields);
        }
        let opaque = self.next;
        self.next = self.next.wrapping_add(1);
        let frame = Request::new(code, opaque, &fields).encode()?;
        self.torn = true;
        let written = async {
            self.wire.write_all(&frame).await?;
            self.wire.flush().await
        };
        let written = timeout(ANSWER, written).await;
        written.map_err(|_| late("takes no question", ANSWER))?.map_err(|e| lost(&e))?;
        self.torn = false;
        self.waiting += 1;
        self.used = Instant::now();
        Ok(opaque)
    }

    /// The next answer to any question.
    pub(super) async fn answer(&mut self) -> Result<Reply, Trouble> {
        self.torn = true;
        let answer = async {
            loop {
                let frame = self.frame().await?;
                let (header, body) = frame::decode(&frame)?;
                let body = frame.len() - body.len();
                if header.is_reply() {
                    return Ok::<_, Trouble>(Reply { header, frame, body });
                }
            }
        };
        let reply =
            timeout(ANSWER, answer).await.map_err(|_| late("does not answer", ANSWER))??;
        self.torn = false;
        self.waiting = self.waiting.saturating_sub(1);
        Ok(reply)
    }

    /// A frame without its length.
    async fn frame(&mut self) -> Result<Vec<u8>, Trouble> {
        let length = self.wire.read_u32().await.map_err(|e| lost(&e))?;
        if length > LONGEST {
            let reason = format!("answers with {length} bytes, which is no answer of RocketMQ");
            return Err(Trouble::Passing(reason));
        }
        let length = length as usize;
        let mut frame = Vec::with_capacity(length.min(FIRST));
        let read = (&mut self.wire).take(length as u64).read_to_end(&mut frame).await;
        match read.map_err(|e| lost(&e))? {
            read if read == length => Ok(frame),
            _ => Err(lost(&io::ErrorKind::UnexpectedEof.into())),
        }
    }
}
