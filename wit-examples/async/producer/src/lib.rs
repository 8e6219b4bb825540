wit_bindgen::generate!({ path: "../wit", world: "producer" });

use exports::demo::flow::numbers::Guest;
use wit_bindgen::rt::async_support::{FutureReader, StreamReader};

struct Producer;

impl Guest for Producer {
    async fn squares(n: u32) -> StreamReader<u32> {
        let (mut tx, rx) = wit_stream::new();
        wit_bindgen::spawn_local(async move {
            for i in 1..=n {
                let _ = tx.write_one(i * i).await;
            }
            drop(tx);
        });
        rx
    }
    async fn sum(n: u32) -> FutureReader<u64> {
        let (tx, rx) = wit_future::new(|| 0u64);
        wit_bindgen::spawn_local(async move {
            let _ = tx.write((1..=n as u64).map(|i| i * i).sum()).await;
        });
        rx
    }
}

export!(Producer);
