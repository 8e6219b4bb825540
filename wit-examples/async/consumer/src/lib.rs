wit_bindgen::generate!({ path: "../wit", world: "consumer" });

use demo::flow::numbers;

struct Consumer;

impl Guest for Consumer {
    async fn report(n: u32) -> String {
        let mut s = numbers::squares(n).await;
        let mut got = Vec::new();
        while let Some(v) = s.next().await {
            got.push(v.to_string());
        }
        let sum = numbers::sum(n).await.await;
        format!("{} sum {sum}", got.join(" "))
    }
}

export!(Consumer);
