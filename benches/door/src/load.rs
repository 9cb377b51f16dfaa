//! What is done with servers, and how long it takes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use arrow_flight::Ticket;
use futures::StreamExt;
use serde_json::{Value, json};

use crate::Result;
use crate::client::{Client, Read};

/// Who is known to servers that ask.
const USER: (&str, &str) = ("ada", "secret");

fn answer(seconds: &[f64], read: Read) -> Value {
    json!({ "seconds": seconds, "rows": read.rows, "bytes": read.bytes })
}

pub async fn get(client: &mut Client, runs: usize, sql: &str) -> Result<Value> {
    let mut seconds = vec![];
    let mut read = Read::default();
    for run in 0..=runs {
        let began = Instant::now();
        read = client.run(sql).await?;
        // The first one fills caches.
        if run > 0 {
            seconds.push(began.elapsed().as_secs_f64());
        }
    }
    Ok(answer(&seconds, read))
}

pub async fn get_bare(client: &mut Client, runs: usize, ticket: &str) -> Result<Value> {
    let mut seconds = vec![];
    let mut read = Read::default();
    for run in 0..=runs {
        let began = Instant::now();
        let ticket = Ticket { ticket: ticket.to_owned().into() };
        read = Read::all(client.read(ticket).await?).await?;
        if run > 0 {
            seconds.push(began.elapsed().as_secs_f64());
        }
    }
    Ok(answer(&seconds, read))
}

pub async fn trips(mut client: Client, count: usize, how: &str) -> Result<Value> {
    let (user, password) = USER;
    let mut handle = None;
    match how {
        "basic" => client.basic(user, password)?,
        "bearer" => client.bearer(user, password).await?,
        _ => handle = Some(client.prepare("SELECT 1").await?),
    }
    let mut micros = vec![];
    // Some before, to be warm.
    for trip in 0..count + count / 10 {
        let began = Instant::now();
        let read = match &handle {
            Some(handle) => client.execute(handle).await?,
            None => client.run("SELECT 1").await?,
        };
        if read.rows != 1 {
            return Err(format!("SELECT 1 gives {} rows", read.rows).into());
        }
        if trip >= count / 10 {
            micros.push(began.elapsed().as_secs_f64() * 1e6);
        }
    }
    Ok(json!({ "micros": micros }))
}

/// Statements that are run by many clients, as fast as they are answered.
pub async fn crowd(uri: &str, clients: usize, statements: usize, sql: &str) -> Result<Value> {
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::<Result<(Vec<f64>, Vec<String>)>>::new();
    for _ in 0..clients {
        let (uri, sql, next) = (uri.to_owned(), sql.to_owned(), Arc::clone(&next));
        tasks.spawn(async move {
            let mut client = Client::connect(&uri).await?;
            let (mut micros, mut errors) = (vec![], vec![]);
            while next.fetch_add(1, Ordering::Relaxed) < statements {
                let began = Instant::now();
                match client.run(&sql).await {
                    Ok(_) => micros.push(began.elapsed().as_secs_f64() * 1e6),
                    Err(e) => errors.push(e.to_string()),
                }
            }
            Ok((micros, errors))
        });
    }
    let (mut micros, mut errors) = (vec![], BTreeMap::<String, usize>::new());
    while let Some(done) = tasks.join_next().await {
        match done? {
            Ok((taken, failed)) => {
                micros.extend(taken);
                failed.into_iter().for_each(|error| *errors.entry(error).or_default() += 1);
            }
            Err(e) => *errors.entry(format!("a client: {e}")).or_default() += 1,
        }
    }
    Ok(json!({ "micros": micros, "errors": errors, "seconds": began.elapsed().as_secs_f64() }))
}

/// Clients that connect, read the beginning of an answer, and are gone without a word.
pub async fn vanish(uri: &str, count: usize, sql: &str) -> Result<Value> {
    let mut errors = BTreeMap::<String, usize>::new();
    let began = Instant::now();
    for at in 0..count {
        let gone: Result<()> = async {
            let mut client = Client::connect(uri).await?;
            match at % 3 {
                // A connection alone, a plan alone, and rows.
                0 => {}
                1 => drop(client.prepare(sql).await?),
                _ => drop(client.start(sql).await?.next().await.ok_or("no rows")??),
            }
            Ok(())
        }
        .await;
        if let Err(e) = gone {
            *errors.entry(e.to_string()).or_default() += 1;
        }
    }
    Ok(json!({ "errors": errors, "seconds": began.elapsed().as_secs_f64() }))
}
