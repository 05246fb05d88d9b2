//! The result, as Markdown.

use std::fmt::Write as _;
use std::time::Duration;

/// A peer's time for the same work.
pub(crate) struct Peer {
    /// How it was run.
    pub(crate) name: String,
    /// Its median.
    pub(crate) time: Duration,
}

impl Peer {
    /// A peer that took this long.
    pub(crate) fn new(name: &str, time: Duration) -> Self {
        Self {
            name: name.to_owned(),
            time,
        }
    }
}

/// One piece of work, ours and theirs.
pub(crate) struct Row {
    /// What was done.
    pub(crate) work: String,
    /// On how many files.
    pub(crate) files: u32,
    /// One `pkgseal` for all of them.
    pub(crate) together: Duration,
    /// One `pkgseal` for each of them.
    pub(crate) apart: Duration,
    /// The same work by others.
    pub(crate) peers: Vec<Peer>,
}

/// Writes the rows, one line for each peer.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| work | files | pkgseal, one run | pkgseal, a run per file | peer | its time \
         | faster, one run | faster, a run per file |\n\
         |---|--:|--:|--:|---|--:|--:|--:|\n",
    );
    for row in rows {
        for peer in &row.peers {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} | {} |",
                row.work,
                row.files,
                time(row.together),
                time(row.apart),
                peer.name,
                time(peer.time),
                ratio(peer.time, row.together),
                ratio(peer.time, row.apart),
            );
        }
    }
    text
}

fn time(duration: Duration) -> String {
    format!("{:.3} s", duration.as_secs_f64())
}

fn ratio(peer: Duration, ours: Duration) -> String {
    let times = peer.as_secs_f64() / ours.as_secs_f64();
    if times < 10.0 {
        format!("{times:.1}×")
    } else {
        format!("{times:.0}×")
    }
}
