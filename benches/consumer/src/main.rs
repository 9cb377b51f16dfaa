//! Reads a topic of Kafka and drops every record: what the client alone costs.
//!
//! `sluice-consumer-bench SERVERS TOPIC PARTITIONS RUNS` reads all partitions at once, each with a
//! consumer and a thread of its own, to where they end. Consumers stay, as those of Sluice do. One
//! line of JSON: the seconds of every run after the first one, and the records of one.

use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [servers, topic, partitions, runs] = arguments.as_slice() else {
        return Err("SERVERS TOPIC PARTITIONS RUNS".into());
    };
    let consumers = (0..partitions.parse()?)
        .map(|partition| Ok((partition, consumer(servers)?)))
        .collect::<Result<Vec<(i32, BaseConsumer)>>>()?;
    let (mut seconds, mut records) = (vec![], 0);
    for _ in 0..=runs.parse::<usize>()? {
        let begun = Instant::now();
        let read: Result<Vec<u64>> = thread::scope(|scope| {
            let readers: Vec<_> = consumers
                .iter()
                .map(|(partition, consumer)| scope.spawn(|| read(consumer, topic, *partition)))
                .collect();
            readers
                .into_iter()
                .map(|reader| reader.join().map_err(|_| "a reader panicked")?)
                .collect()
        });
        records = read?.iter().sum();
        seconds.push(begun.elapsed().as_secs_f64());
    }
    println!("{{\"seconds\":{:?},\"records\":{records}}}", &seconds[1..]);
    Ok(())
}

fn consumer(servers: &str) -> Result<BaseConsumer> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", servers)
        .set("group.id", "bench")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        // As Sluice sets them: with what comes by itself the client rests for a second whenever its
        // queue was full, and takes three times as long.
        .set("fetch.queue.backoff.ms", "1")
        .set("fetch.wait.max.ms", "10")
        .set("queued.max.messages.kbytes", "16384");
    Ok(config.create()?)
}

/// Reads a partition from its beginning to its end.
fn read(consumer: &BaseConsumer, topic: &str, partition: i32) -> Result<u64> {
    let mut assigned = TopicPartitionList::new();
    assigned.add_partition_offset(topic, partition, Offset::Beginning)?;
    consumer.assign(&assigned)?;
    let (mut records, mut bytes) = (0, 0);
    loop {
        match consumer.poll(Duration::from_secs(60)) {
            Some(Ok(message)) => {
                records += 1;
                bytes += message.payload_len();
            }
            Some(Err(KafkaError::PartitionEOF(_))) => break,
            Some(Err(error)) => return Err(error.into()),
            None => return Err("no record came for a minute".into()),
        }
    }
    consumer.unassign()?;
    std::hint::black_box(bytes);
    Ok(records)
}
