//! How many connections there is room for: each takes files of the system, and a log that cannot open
//! one cannot go on.

use crate::config::Limits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A connection, and the content that is sent by it.
const OF_A_CONNECTION: u64 = 2;

/// A reader of the database with its files, and what it reads of the log.
const OF_A_HEAVY_REQUEST: u64 = 5;

/// The log itself, processes that check content, witnesses, uploads that no connection is at, and some
/// to spare.
const OF_THE_REGISTRY: u64 = 384;

/// How many connections may be open: as many as the configuration says, if the system lets this process
/// have enough files, which it is asked for first.
pub(super) fn connections(limits: &Limits) -> usize {
    let others = OF_A_HEAVY_REQUEST.saturating_mul(limits.heavy_requests as u64) + OF_THE_REGISTRY;
    let wanted = OF_A_CONNECTION.saturating_mul(limits.connections as u64);
    let wanted = wanted.saturating_add(others);
    let before = getrlimit(Resource::Nofile);
    if before.current.is_some_and(|current| current < wanted) {
        let most = before.maximum.map_or(wanted, |most| most.min(wanted));
        let more = Rlimit {
            current: Some(most),
            ..before
        };
        // If it cannot be had, what there is has to do.
        let _ = setrlimit(Resource::Nofile, more);
    }
    let files = getrlimit(Resource::Nofile).current;
    let most = most(limits.connections, files, others);
    if most < limits.connections {
        tracing::warn!(
            connections = most,
            files,
            wanted,
            "there are too few files for as many connections as are set: raise the limit of open files"
        );
    }
    most
}

fn most(connections: usize, files: Option<u64>, others: u64) -> usize {
    let room = files.map_or(u64::MAX, |files| files.saturating_sub(others));
    let room = usize::try_from(room / OF_A_CONNECTION).unwrap_or(usize::MAX);
    connections.min(room.max(1))
}

#[cfg(test)]
mod tests {
    use super::most;

    #[test]
    fn connections_leave_files_to_the_registry() {
        assert_eq!(most(1024, None, 576), 1024);
        assert_eq!(most(1024, Some(524_288), 576), 1024);
        assert_eq!(most(1024, Some(1024), 576), 224);
        assert_eq!(most(1024, Some(100), 576), 1);
    }
}
