//! What brokers and name servers of RocketMQ send: frames, routes, messages.
//!
//! [`frame`] is the envelope of every question and answer, [`route`] says where the queues of a topic
//! are, [`message`] what a pull brings, [`body`] takes its compression off.
//!
//! Sources: `RemotingCommand`, `RocketMQSerializable`, `TopicRouteData`, `MessageDecoder`
//! (<https://github.com/apache/rocketmq>).

mod body;
pub(crate) mod frame;
pub(crate) mod message;
pub(crate) mod route;
#[cfg(test)]
mod tests;
