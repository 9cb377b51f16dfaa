//! What is asked of name servers and brokers, and of which.
//!
//! Connections are pooled: to make one costs as much as some questions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::try_join_all;

use super::connection::{Connection, Dialer, Reply};
use super::error::{Trouble, code};
use super::names::{Instance, Queue, is_shown};
use super::signing::Fields;
use crate::error::{Error, Result};
use crate::formats::Broken;
use crate::formats::rocketmq::route::{self, Broker};

/// Kinds of questions (`RequestCode` of RocketMQ).
const PULL_MESSAGE: i32 = 11;
const SEARCH_OFFSET_BY_TIMESTAMP: i32 = 29;
const GET_MAX_OFFSET: i32 = 30;
const GET_MIN_OFFSET: i32 = 31;
const GET_ROUTEINFO_BY_TOPIC: i32 = 105;
const GET_ALL_TOPIC_LIST_FROM_NAMESERVER: i32 = 206;
const GET_SYSTEM_TOPIC_LIST_FROM_NS: i32 = 304;

/// A pull brings its subscription with it. Nothing is committed, and nothing is waited for.
const WITH_SUBSCRIPTION: &str = "4";

/// Questions on their way at once, where many are asked.
const AT_ONCE: usize = 64;

/// Connections that are kept though nobody uses them, by server.
const IDLE: usize = 8;

/// Servers close what was not used for two minutes.
const UNUSED: Duration = Duration::from_secs(90);

/// A cluster.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) servers: Vec<String>,
    pub(super) instance: Instance,
    /// The group in whose name is read, as brokers know it.
    pub(super) group: String,
    pub(super) dialer: Dialer,
    pub(super) idle: Mutex<HashMap<String, Vec<Connection>>>,
    /// Where topics were when it was last asked.
    pub(super) routes: Mutex<HashMap<String, Arc<Vec<Broker>>>>,
}

/// A connection that nobody else uses; it goes back to the pool when all its questions are answered.
#[derive(Debug)]
pub(super) struct Lent {
    client: Arc<Client>,
    address: String,
    connection: Option<Connection>,
    is_new: bool,
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take().filter(Connection::is_idle) else { return };
        let mut idle = self.client.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let of_server = idle.entry(std::mem::take(&mut self.address)).or_default();
        if of_server.len() < IDLE {
            of_server.push(connection);
        }
    }
}

/// What brokers say of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    /// The first offset.
    pub(super) start: u64,
    /// The offset behind the last one.
    pub(super) end: u64,
}

/// An offset as brokers count.
fn offset(number: i64) -> Result<u64, Trouble> {
    let wrong = || Broken::corrupt("reply", format!("says that {number} is an offset"));
    Ok(u64::try_from(number).map_err(|_| wrong())?)
}

/// The answer, if it is of the code that it should be of.
fn successful(reply: Reply) -> Result<Reply, Trouble> {
    match reply.header.code {
        code::SUCCESS => Ok(reply),
        other => Err(Trouble::of_code(other, reply.header.remark.as_deref())),
    }
}

impl Client {
    /// A connection to a server.
    pub(super) async fn lend(self: &Arc<Self>, address: &str) -> Result<Lent, Trouble> {
        let kept = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let of_server = idle.get_mut(address);
            of_server.and_then(|kept| {
                kept.retain(|connection| connection.unused() < UNUSED);
                kept.pop()
            })
        };
        let is_new = kept.is_none();
        let connection = match kept {
            Some(connection) => connection,
            None => self.dialer.dial(address).await?,
        };
        let (client, address) = (Arc::clone(self), address.to_owned());
        Ok(Lent { client, address, connection: Some(connection), is_new })
    }

    /// Asks a server, and waits for all answers; they are in the order of the questions.
    async fn ask(
        self: &Arc<Self>,
        address: &str,
        questions: &[(i32, Fields)],
    ) -> Result<Vec<Reply>, Trouble> {
        loop {
            let mut lent = self.lend(address).await?;
            match answers(&mut lent, questions).await {
                // The server may have closed it long ago.
                Err(trouble) if trouble.may_pass() && !lent.is_new => {}
                answers => return answers,
            }
        }
    }

    /// Asks name servers, one after the other until one answers.
    async fn ask_servers(self: &Arc<Self>, code: i32, fields: Fields) -> Result<Reply> {
        let question = [(code, fields)];
        let mut last: Option<(&str, Trouble)> = None;
        for server in &self.servers {
            let answer = self.ask(server, &question).await.and_then(|mut replies| {
                let reply = replies.pop().ok_or_else(|| Broken::short("reply"))?;
                match Trouble::of_code(reply.header.code, reply.header.remark.as_deref()) {
                    trouble if trouble.may_pass() => Err(trouble),
                    _ => Ok(reply),
                }
            });
            match answer {
                Ok(reply) => return Ok(reply),
                Err(trouble) => last = Some((server, trouble)),
            }
        }
        let (server, trouble) = last.ok_or_else(|| Error::internal("there is no name server"))?;
        let others = match self.servers.len() {
            0 | 1 => String::new(),
            count => format!(", the last of {count} name servers"),
        };
        Err(trouble.error(&format!("name server {server}{others}")))
    }

    /// Where a topic is, now; `None` when there is none.
    ///
    /// Name servers forget a broker that is down at once, and with it its queues. One that had queues of
    /// the topic is kept, so that it is missed when it is asked, and not its messages.
    pub(super) async fn route(self: &Arc<Self>, topic: &str) -> Result<Option<Arc<Vec<Broker>>>> {
        let wire = self.instance.wire(topic);
        let fields = Fields::from([
            ("topic", wire),
            // Without it keys of objects may be numbers.
            ("acceptStandardJsonOnly", "true".to_owned()),
        ]);
        let reply = self.ask_servers(GET_ROUTEINFO_BY_TOPIC, fields).await?;
        let routes = || self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        if reply.header.code == code::TOPIC_NOT_EXIST {
            routes().remove(topic);
            return Ok(None);
        }
        let place = format!("topic {topic}: the name server's route");
        let brokers = successful(reply).and_then(|reply| Ok(route::brokers(reply.body())?));
        let mut brokers = brokers.map_err(|trouble| trouble.error(&place))?;
        let mut routes = routes();
        for known in routes.get(topic).into_iter().flat_map(|known| known.iter()) {
            match brokers.iter_mut().find(|broker| broker.name == known.name) {
                Some(broker) if broker.addresses.is_empty() => {
                    broker.addresses.clone_from(&known.addresses);
                }
                Some(_) => {}
                None => brokers.push(known.clone()),
            }
        }
        let brokers = Arc::new(brokers);
        routes.insert(topic.to_owned(), Arc::clone(&brokers));
        Ok(Some(brokers))
    }

    /// Where a topic was when it was last asked, or is.
    pub(super) async fn known_route(self: &Arc<Self>, topic: &str) -> Result<Arc<Vec<Broker>>> {
        let known = self.routes.lock().unwrap_or_else(PoisonError::into_inner).get(topic).cloned();
        let route = match known {
            Some(route) => Some(route),
            None => self.route(topic).await?,
        };
        route.ok_or_else(|| Error::gone(format!("topic {topic} is gone")))
    }

    /// The topics that people look at.
    pub(super) async fn topics(self: &Arc<Self>) -> Result<Vec<String>> {
        let list = async |code| {
            let reply = self.ask_servers(code, Fields::new()).await?;
            Ok::<_, Error>(successful(reply).and_then(|reply| Ok(route::topics(reply.body())?)))
        };
        let all = list(GET_ALL_TOPIC_LIST_FROM_NAMESERVER).await?;
        let all = all.map_err(|trouble| trouble.error("topics of the name servers"))?;
        // Not every name server tells.
        let of_system = list(GET_SYSTEM_TOPIC_LIST_FROM_NS).await?.unwrap_or_default();
        let shown = all.iter().filter(|topic| is_shown(topic, &of_system));
        let mut shown: Vec<String> =
            shown.filter_map(|topic| self.instance.local(topic)).map(str::to_owned).collect();
        shown.sort();
        Ok(shown)
    }

    /// Asks a broker something about each of some queues of a topic; the first of its addresses that
    /// answers counts.
    async fn ask_broker(
        self: &Arc<Self>,
        topic: &str,
        broker: &Broker,
        questions: &[(i32, Fields)],
    ) -> Result<Vec<Reply>> {
        let mut first: Option<(&str, Trouble)> = None;
        for address in &broker.addresses {
            let answer = self.ask(address, questions).await;
            match answer.and_then(|replies| replies.into_iter().map(successful).collect()) {
                Ok(replies) => return Ok(replies),
                // What the master says counts, if it says anything.
                Err(trouble) if !trouble.may_pass() => {
                    return Err(trouble.error(&place(topic, &broker.name, address)));
                }
                Err(trouble) => first = first.or(Some((address, trouble))),
            }
        }
        Err(match first {
            Some((address, trouble)) => trouble.error(&place(topic, &broker.name, address)),
            None => unreachable(topic, &broker.name),
        })
    }

    /// The ends of all queues of a topic.
    pub(super) async fn ends(
        self: &Arc<Self>,
        topic: &str,
        brokers: &[Broker],
    ) -> Result<Vec<(Queue, Ends)>> {
        let of_broker = async |broker: &Broker| {
            let questions = (0..broker.queues).flat_map(|number| {
                // The end is asked first: what is deleted meanwhile is before the start.
                [GET_MAX_OFFSET, GET_MIN_OFFSET].map(|code| (code, self.queue(topic, number)))
            });
            let questions: Vec<_> = questions.collect();
            let replies = self.ask_broker(topic, broker, &questions).await?;
            let ends = (0..broker.queues).zip(replies.chunks(2)).map(|(number, replies)| {
                let of = |reply: Option<&Reply>| {
                    let number = reply.map(|reply| reply.header.number("offset")).transpose()?;
                    offset(number.unwrap_or_default())
                };
                let (end, start) = (of(replies.first())?, of(replies.get(1))?);
                let ends = Ends { start, end: end.max(start) };
                Ok((Queue { broker: broker.name.clone(), number }, ends))
            });
            let ends: Result<Vec<_>, Trouble> = ends.collect();
            let place = || format!("topic {topic}: broker {}", broker.name);
            ends.map_err(|trouble| trouble.error(&place()))
        };
        Ok(try_join_all(brokers.iter().map(of_broker)).await?.concat())
    }

    /// The first offset of each queue that brokers find for a time, in milliseconds. Newer ones find the
    /// first message that is not older; others any of that time, or the one next to it.
    pub(super) async fn offsets_at(
        self: &Arc<Self>,
        topic: &str,
        queues: &[Queue],
        time: i64,
    ) -> Result<Vec<(Queue, Option<u64>)>> {
        let route = self.known_route(topic).await?;
        let is_known = |queue: &&Queue| route.iter().any(|broker| broker.name == queue.broker);
        if let Some(queue) = queues.iter().find(|queue| !is_known(queue)) {
            return Err(unreachable(topic, &queue.broker));
        }
        let of_broker = async |broker: &Broker| {
            let queues: Vec<&Queue> =
                queues.iter().filter(|queue| queue.broker == broker.name).collect();
            let question = |queue: &&Queue| {
                let mut fields = self.queue(topic, queue.number);
                fields.insert("timestamp", time.to_string());
                (SEARCH_OFFSET_BY_TIMESTAMP, fields)
            };
            let questions: Vec<_> = queues.iter().map(question).collect();
            let replies = self.ask_broker(topic, broker, &questions).await?;
            let found = queues.into_iter().zip(&replies).map(|(queue, reply)| {
                let found = reply.header.number("offset").map_err(Trouble::from);
                let place = || format!("topic {topic}: broker {}", broker.name);
                let found = found.map_err(|trouble| trouble.error(&place()))?;
                Ok((queue.clone(), u64::try_from(found).ok()))
            });
            found.collect::<Result<Vec<_>>>()
        };
        Ok(try_join_all(route.iter().map(of_broker)).await?.concat())
    }

    /// The first offset of a queue.
    pub(super) async fn start(self: &Arc<Self>, topic: &str, queue: &Queue) -> Result<u64> {
        let route = self.known_route(topic).await?;
        let broker = route.iter().find(|broker| broker.name == queue.broker);
        let broker = broker.ok_or_else(|| unreachable(topic, &queue.broker))?;
        let question = [(GET_MIN_OFFSET, self.queue(topic, queue.number))];
        let replies = self.ask_broker(topic, broker, &question).await?;
        let start = replies.first().map(|reply| reply.header.number("offset")).transpose();
        let start = start.map_err(Trouble::from).and_then(|start| offset(start.unwrap_or(0)));
        start.map_err(|trouble| trouble.error(&format!("topic {topic}: broker {}", queue.broker)))
    }

    fn queue(&self, topic: &str, number: u32) -> Fields {
        Fields::from([("topic", self.instance.wire(topic)), ("queueId", number.to_string())])
    }
}

/// The place of a question to a broker.
pub(super) fn place(topic: &str, broker: &str, address: &str) -> String {
    format!("topic {topic}: broker {broker} at {address}")
}

/// The error of a broker whose address no name server knows.
fn unreachable(topic: &str, broker: &str) -> Error {
    Error::unavailable(format!("topic {topic}: name servers know no address of broker {broker}"))
        .with_hint("the broker is down, or has not told name servers yet that it is up")
        .retry_later()
}

/// All answers, in the order of the questions.
async fn answers(lent: &mut Lent, questions: &[(i32, Fields)]) -> Result<Vec<Reply>, Trouble> {
    let mut found = Vec::with_capacity(questions.len());
    for some in questions.chunks(AT_ONCE) {
        let mut numbers = HashMap::new();
        for (at, (code, fields)) in some.iter().enumerate() {
            numbers.insert(lent.connection()?.ask(*code, fields.clone()).await?, at);
        }
        let mut replies: Vec<Option<Reply>> = some.iter().map(|_| None).collect();
        while !numbers.is_empty() {
            let reply = lent.answer().await?;
            let at = numbers.remove(&reply.header.opaque);
            if let Some(place) = at.and_then(|at| replies.get_mut(at)) {
                *place = Some(reply);
            }
        }
        found.extend(replies.into_iter().flatten());
    }
    Ok(found)
}

impl Lent {
    fn connection(&mut self) -> Result<&mut Connection, Trouble> {
        let gone = || Trouble::Passing("the connection was taken away".to_owned());
        self.connection.as_mut().ok_or_else(gone)
    }

    /// Asks for messages of a queue; the answer will name the number that is returned.
    pub(super) async fn pull(
        &mut self,
        topic: &str,
        queue: u32,
        (from, most): (u64, u64),
    ) -> Result<i32, Trouble> {
        let mut fields = self.client.queue(topic, queue);
        fields.extend([
            ("consumerGroup", self.client.group.clone()),
            ("queueOffset", from.to_string()),
            ("maxMsgNums", most.to_string()),
            ("sysFlag", WITH_SUBSCRIPTION.to_owned()),
            ("commitOffset", "0".to_owned()),
            ("suspendTimeoutMillis", "0".to_owned()),
            ("subscription", "*".to_owned()),
            ("subVersion", "0".to_owned()),
            ("expressionType", "TAG".to_owned()),
        ]);
        self.connection()?.ask(PULL_MESSAGE, fields).await
    }

    /// The next answer.
    pub(super) async fn answer(&mut self) -> Result<Reply, Trouble> {
        self.connection()?.answer().await
    }
}
