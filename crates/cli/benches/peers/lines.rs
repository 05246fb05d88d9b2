//! Tables of pieces of work, each done by pkgseal first and then by others.

use std::fmt::Write as _;

use crate::measure::Cost;

/// What one program took for a piece of work; pkgseal's comes first of each.
pub(crate) struct Line {
    pub(crate) work: &'static str,
    program: String,
    cost: Cost,
}

impl Line {
    pub(crate) fn new(work: &'static str, program: impl Into<String>, cost: Cost) -> Self {
        Self {
            work,
            program: program.into(),
            cost,
        }
    }
}

/// The table, below a line that says what was worked on.
pub(crate) fn markdown(head: &str, lines: &[Line]) -> String {
    let mut text = format!(
        "{head}\n\n\
         | work | program | time | × pkgseal | CPU | × pkgseal | peak memory |\n\
         |---|---|--:|--:|--:|--:|--:|\n",
    );
    let mut ours: Option<&Line> = None;
    for line in lines {
        let cost = line.cost;
        let first = ours.is_none_or(|ours| ours.work != line.work);
        if first && line.program.starts_with("pkgseal") {
            ours = Some(line);
        }
        let ours = ours.map_or(cost, |ours| ours.cost);
        let peak = cost
            .peak
            .map_or_else(|| "?".to_owned(), |kib| format!("{:.0} MiB", kib / 1024.0));
        let _ = writeln!(
            text,
            "| {} | {} | {:.4} s | {:.2} | {:.3} s | {:.2} | {peak} |",
            line.work,
            line.program,
            cost.time,
            cost.time / ours.time,
            cost.cpu,
            cost.cpu / ours.cpu,
        );
    }
    text
}
