//! Measures Flight SQL servers from outside, and is the bare one that others are compared with.
//!
//! `benches/door.py` starts servers and runs this against them; every command but `bare` prints one JSON
//! object.
//!
//! ```text
//! bare ROWS                           serves eight columns of numbers and four of texts from memory
//! get URI RUNS SQL [SETUP …]          seconds of a statement's rows, after statements of set-up
//! get-bare URI RUNS int|text          the same of the bare server
//! trips URI COUNT prepared|basic|bearer   microseconds of a round trip of SELECT 1, one after another
//! crowd URI CLIENTS STATEMENTS SQL    many clients at once
//! vanish URI COUNT SQL                connects, reads a little and is gone
//! ```

mod bare;
mod client;
mod load;

use std::error::Error;

use client::Client;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let answer = match words.as_slice() {
        ["bare", rows] => return bare::serve(rows.parse()?).await,
        ["get", uri, runs, sql, setup @ ..] => {
            let mut client = Client::connect(uri).await?;
            for statement in setup {
                client.run(statement).await?;
            }
            load::get(&mut client, runs.parse()?, sql).await?
        }
        ["get-bare", uri, runs, ticket] => {
            load::get_bare(&mut Client::connect(uri).await?, runs.parse()?, ticket).await?
        }
        ["trips", uri, count, how] => {
            load::trips(Client::connect(uri).await?, count.parse()?, how).await?
        }
        ["crowd", uri, clients, statements, sql] => {
            load::crowd(uri, clients.parse()?, statements.parse()?, sql).await?
        }
        ["vanish", uri, count, sql] => load::vanish(uri, count.parse()?, sql).await?,
        _ => return Err("see the head of benches/door/src/main.rs".into()),
    };
    println!("{answer}");
    Ok(())
}
