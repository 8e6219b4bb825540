use std::cell::{Cell, RefCell};

wit_bindgen::generate!({ path: "../../wit", world: "demo:log/log", generate_all });

use demo::clock::ticker;
use exports::demo::log::logger::{Guest, GuestChannel, Level};

thread_local! { static OPENED: Cell<u32> = const { Cell::new(0) }; }

struct Logger;

struct Lines {
    name: String,
    min: u8,
    lines: RefCell<Vec<String>>,
}

impl Guest for Logger {
    type Channel = Lines;
    fn opened() -> u32 {
        OPENED.get()
    }
}

impl GuestChannel for Lines {
    fn new(name: String, min: Level) -> Self {
        OPENED.set(OPENED.get() + 1);
        Lines {
            name,
            min: min as u8,
            lines: RefCell::default(),
        }
    }
    fn log(&self, level: Level, message: String) {
        if level as u8 >= self.min {
            let mut lines = self.lines.borrow_mut();
            let tag = match level {
                Level::Debug => "DEBUG",
                Level::Info => "INFO",
                Level::Warn => "WARN",
                Level::Error => "ERROR",
            };
            let t = ticker::now();
            lines.push(format!("{t} {}/{tag} {message}", self.name));
        }
    }
    fn lines(&self) -> Vec<String> {
        self.lines.borrow().clone()
    }
}

export!(Logger);
