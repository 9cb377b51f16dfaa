//! Connections: accepted, numbered, noticed when they go.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

use super::sessions::Sessions;
use super::tls::{Stream, Tls};

/// How long the first bytes of a connection may take.
const GREETING: Duration = Duration::from_secs(10);

/// How many connections may wait to be served.
const BACKLOG: usize = 64;

/// What is known of a connection; requests carry it.
#[derive(Clone, Debug)]
pub(super) struct ConnectionInfo {
    /// Its number, never given twice.
    pub(super) number: u64,
    /// The other end.
    pub(super) peer: SocketAddr,
}

/// A connection with its number; dropped, its own session ends.
pub(super) struct Connection {
    stream: Stream,
    info: ConnectionInfo,
    sessions: Arc<Sessions>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.sessions.disconnected(self.info.number);
    }
}

impl Connected for Connection {
    type ConnectInfo = ConnectionInfo;

    fn connect_info(&self) -> ConnectionInfo {
        self.info.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The connections of a listener. Greetings of several go on at once; the stream ends never by
/// itself, and dropping it closes the listener.
pub(super) fn accept(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    sessions: Arc<Sessions>,
) -> ReceiverStream<io::Result<Connection>> {
    let (sender, receiver) = mpsc::channel(BACKLOG);
    tokio::spawn(async move {
        let numbers = AtomicU64::new(1);
        loop {
            let accepted = tokio::select! {
                () = sender.closed() => return,
                accepted = listener.accept() => accepted,
            };
            // One that was gone before it was accepted, or no file descriptor left: both pass.
            let Ok((stream, peer)) = accepted else {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            let number = numbers.fetch_add(1, Ordering::Relaxed);
            let info = ConnectionInfo { number, peer };
            let sessions = Arc::clone(&sessions);
            let tls = tls.clone();
            let sender = sender.clone();
            tokio::spawn(async move {
                let greeted = tokio::time::timeout(GREETING, greet(stream, tls)).await;
                let Ok(Ok(stream)) = greeted else { return };
                let _ = sender.send(Ok(Connection { stream, info, sessions })).await;
            });
        }
    });
    ReceiverStream::new(receiver)
}

async fn greet(stream: TcpStream, tls: Option<Arc<Tls>>) -> io::Result<Stream> {
    stream.set_nodelay(true)?;
    match tls {
        None => Ok(Stream::Plain(stream)),
        Some(tls) => tls.accept(stream).await,
    }
}
