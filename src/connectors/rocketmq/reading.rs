//! One range of a queue, pulled.
//!
//! Brokers leave out what they are about to delete without a word, so every offset of the range must
//! come: one that does not is looked for, and is an error. A connection that is lost is made anew and
//! reading goes on at the position that it had come to.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::client::{Client, Lent, place};
use super::connection::Reply;
use super::error::{Trouble, code};
use super::names::Queue;
use super::window::Window;
use crate::error::{Error, Result};
use crate::formats::Broken;
use crate::formats::rocketmq::message::{Message, messages, packed};
use crate::formats::rocketmq::route::Broker;
use crate::stream::{MessageParts, ReadRequest, Record, Records};

/// Records that are handed over together, at least, and their bytes.
const RECORDS: usize = 4096;
const BYTES: usize = 1024 * 1024;

/// How long nothing may come: a broker that is restarted is back by then, or a copy of it answers.
const STALLED: Duration = Duration::from_secs(60);

/// The pause before a connection is made anew; each one is longer than the one before, up to …
const PAUSE: Duration = Duration::from_millis(100);

/// … this.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long a broker may take to say that messages which it leaves out are deleted.
const DELETING: Duration = Duration::from_secs(30);

/// Names of properties that have a meaning of their own (`MessageConst` of RocketMQ).
const TAGS: &str = "TAGS";
const KEYS: &str = "KEYS";
const ID: &str = "UNIQ_KEY";

/// Reads until the range's end, an error, or nobody wants more.
pub(super) async fn read(
    client: Arc<Client>,
    request: ReadRequest,
    wanted: mpsc::Sender<Result<Records>>,
) {
    let read = async {
        let queue = Queue::parse(&request.partition)?;
        let route = client.known_route(&request.stream).await?;
        Reading {
            addresses: addresses(&route, &queue),
            client: &client,
            request: &request,
            queue,
            came: Records { position: request.range.start, ..Records::default() },
            moved: Instant::now(),
            wanted: &wanted,
        }
        .run()
        .await
    };
    // Who is gone needs no error.
    let ended = tokio::select! {
        read = read => read,
        () = wanted.closed() => return,
    };
    if let Err(e) = ended {
        let _ = wanted.send(Err(e)).await;
    }
}

/// The addresses of a queue's broker.
fn addresses(route: &[Broker], queue: &Queue) -> Vec<String> {
    let broker = route.iter().find(|broker| broker.name == queue.broker);
    broker.map(|broker| broker.addresses.clone()).unwrap_or_default()
}

struct Reading<'r> {
    client: &'r Arc<Client>,
    request: &'r ReadRequest,
    queue: Queue,
    // Of the queue's broker: the master's first, then those of its copies.
    addresses: Vec<String>,
    came: Records,
    moved: Instant,
    wanted: &'r mpsc::Sender<Result<Records>>,
}

/// An answer, with the offset behind what it has.
struct Pulled {
    reply: Reply,
    next: u64,
}

/// Why a connection's pulls ended before the range did.
enum Ended {
    /// Another try may go on.
    Trouble(String, Trouble),
    /// None will.
    Error(Error),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Reading<'_> {
    async fn run(mut self) -> Result<()> {
        let (mut pause, mut attempt) = (PAUSE, 0);
        loop {
            let position = self.came.position;
            let (place, trouble) = match self.pulls(attempt).await {
                Ok(()) => return Ok(()),
                Err(Ended::Error(e)) => return Err(e),
                Err(Ended::Trouble(place, trouble)) => (place, trouble),
            };
            if !trouble.may_pass() || self.moved.elapsed() > STALLED {
                return Err(trouble.error(&format!("{place}, {}", self.offsets())));
            }
            pause = if self.came.position > position { PAUSE } else { pause };
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            attempt += 1;
            // The broker may be elsewhere now. One that is down is not known to name servers.
            if let Ok(Some(route)) = self.client.route(&self.request.stream).await {
                self.addresses = addresses(&route, &self.queue);
            }
        }
    }

    /// Pulls by one connection to one of the addresses of the queue's broker.
    async fn pulls(&mut self, attempt: usize) -> Result<(), Ended> {
        let topic = &self.request.stream;
        let count = self.addresses.len().max(1);
        let Some(address) = self.addresses.get(attempt % count).cloned() else {
            let trouble = Trouble::Passing("name servers know no address of it".to_owned());
            let place = format!("topic {topic}: broker {}", self.queue.broker);
            return Err(Ended::Trouble(place, trouble));
        };
        let place = place(topic, &self.queue.broker, &address);
        let at_place = |trouble| Ended::Trouble(place.clone(), trouble);
        let mut lent = self.client.lend(&address).await.map_err(at_place)?;
        let mut window = Window::new(self.came.position..self.request.range.end);
        while !window.is_done() {
            self.pull(&mut lent, &mut window).await.map_err(at_place)?;
            while let Some(pulled) = window.take() {
                self.add(&pulled).await?;
                let is_full = self.came.records.len() >= RECORDS || self.came.values.len() >= BYTES;
                if is_full {
                    self.hand_over().await;
                }
            }
        }
        self.hand_over().await;
        Ok(())
    }

    /// Asks for what is to be asked for, and waits for an answer.
    async fn pull(&self, lent: &mut Lent, window: &mut Window<Pulled>) -> Result<(), Trouble> {
        while let Some(pull) = window.unasked() {
            let number = lent.pull(&self.request.stream, self.queue.number, pull.place()).await?;
            pull.ask(number);
        }
        let reply = lent.answer().await?;
        let number = reply.header.opaque;
        let Some(from) = window.place_of(number) else { return Ok(()) };
        let next = match reply.header.code {
            // The second one is for what passes no filter; without a filter it is about to be deleted.
            code::SUCCESS | code::PULL_RETRY_IMMEDIATELY => {
                reply.header.number("nextBeginOffset")?
            }
            code::PULL_NOT_FOUND | code::PULL_OFFSET_MOVED => {
                let start = reply.header.number("minOffset")?;
                let end = reply.header.number("maxOffset")?;
                // What is deleted is found to be missing; a copy may be behind.
                if u64::try_from(start).is_ok_and(|start| start > from) {
                    start
                } else {
                    let reason = format!("has nothing at offset {from}: the queue ends at {end}");
                    return Err(Trouble::Passing(reason));
                }
            }
            other => return Err(Trouble::of_code(other, reply.header.remark.as_deref())),
        };
        match u64::try_from(next).ok().filter(|next| *next > from) {
            Some(next) => {
                window.answered(number, Pulled { reply, next }, next);
                Ok(())
            }
            None => Err(Trouble::Passing(format!("gives nothing at offset {from}"))),
        }
    }

    /// Adds the messages of an answer.
    async fn add(&mut self, pulled: &Pulled) -> Result<()> {
        let Range { end, .. } = self.request.range;
        self.came.bytes += pulled.reply.body().len() as u64;
        if pulled.reply.header.code == code::SUCCESS {
            for message in messages(pulled.reply.body()) {
                let message = message.map_err(|broken| self.broken(broken))?;
                if self.came.position >= end {
                    break;
                }
                if message.offset > self.came.position {
                    return Err(self.missing(message.offset.min(end)).await);
                }
                self.add_message(&message)?;
            }
        }
        let next = pulled.next.min(end);
        match next > self.came.position {
            true => Err(self.missing(next).await),
            false => Ok(()),
        }
    }

    fn add_message(&mut self, message: &Message<'_>) -> Result<()> {
        if !message.is_batch() {
            if message.offset < self.came.position {
                return Ok(());
            }
            let from = self.came.values.len();
            message.body(&mut self.came.values).map_err(|broken| self.broken(broken))?;
            self.push(from, message, || message.properties());
            return Ok(());
        }
        let mut body = Vec::new();
        message.body(&mut body).map_err(|broken| self.broken(broken))?;
        for (offset, one) in (message.offset..self.request.range.end).zip(packed(&body)) {
            let one = one.map_err(|broken| self.broken(broken))?;
            if offset >= self.came.position {
                let from = self.came.values.len();
                self.came.values.extend_from_slice(one.body);
                self.push(from, message, || one.properties());
            }
        }
        Ok(())
    }

    /// Adds the record at the position, whose value is what was added to the values.
    fn push(
        &mut self,
        from: usize,
        message: &Message<'_>,
        properties: impl Fn() -> Vec<(String, String)>,
    ) {
        let parts = || {
            let properties = properties();
            let of = |name: &str| {
                let found = properties.iter().find(|(known, _)| known == name);
                found.map(|(_, value)| value.clone())
            };
            let (tags, keys) = (of(TAGS), of(KEYS));
            let id = of(ID).unwrap_or_else(|| message.place_id());
            Box::new(MessageParts { tags, keys, id, born: message.born, properties })
        };
        self.came.records.push(Record {
            offset: self.came.position,
            timestamp: Some(message.stored),
            value: Some(from..self.came.values.len()),
            message: self.request.wants_keys.then(parts),
            ..Record::default()
        });
        self.came.position += 1;
        self.moved = Instant::now();
    }

    /// Hands over what has come.
    async fn hand_over(&mut self) {
        let next = Records { position: self.came.position, ..Records::default() };
        let came = std::mem::replace(&mut self.came, next);
        // Who is gone is seen by who waits for that.
        let _ = self.wanted.send(Ok(came)).await;
        // To wait for who reads is not to wait for a broker.
        self.moved = Instant::now();
    }

    /// The error of offsets that should have come and did not.
    async fn missing(&self, to: u64) -> Error {
        let (topic, from) = (&self.request.stream, self.came.position);
        let began = Instant::now();
        loop {
            let start = match self.client.start(topic, &self.queue).await {
                Ok(start) => start,
                Err(e) => return e,
            };
            if start > from {
                return Error::gone(format!(
                    "topic {topic} partition {}: offsets {from} to {} were deleted before they were read",
                    self.request.partition,
                    to.min(start)
                ))
                .with_hint("run the statement again: it begins with what is there now");
            }
            if began.elapsed() > DELETING {
                return Error::corrupt(format!(
                    "topic {topic} partition {}: the broker leaves out offsets {from} to {to}, and \
                     says that they are there",
                    self.request.partition
                ))
                .with_hint("topics that brokers compact are not read yet");
            }
            sleep(PAUSE).await;
        }
    }

    fn broken(&self, broken: Broken) -> Error {
        let ReadRequest { stream, partition, .. } = self.request;
        let place = format!("topic {stream} partition {partition} offset {}", self.came.position);
        Trouble::Broken(broken).error(&place)
    }

    /// Where reading is, for errors.
    fn offsets(&self) -> String {
        let Range { start, end } = self.request.range;
        let (partition, position) = (&self.request.partition, self.came.position);
        format!("partition {partition} offset {position} of [{start}, {end})")
    }
}
