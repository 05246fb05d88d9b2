//! One table: certificates and keys down, clients across.

use std::fmt::Write as _;

use pkgseal_keyring::audit::{Audit, AuditRequest, AuditedCertificate};
use pkgseal_keyring::consumer::{Answer, Opinion};

/// A row: what it is about, its state, and a cell for each client.
struct Row {
    label: String,
    state: String,
    cells: Vec<String>,
}

/// Clients that agree on everything, by their places.
struct Column {
    clients: Vec<usize>,
    width: usize,
}

pub(super) fn of(audit: &Audit, request: &AuditRequest<'_>) -> String {
    let rows: Vec<Row> = audit.certificates.iter().flat_map(rows).collect();
    if rows.is_empty() {
        return "no certificate found\n".to_owned();
    }
    let columns = columns(&rows, request);
    let label = width(rows.iter().map(|row| row.label.as_str()));
    let state = width(rows.iter().map(|row| row.state.as_str()));
    let mut text = String::new();
    header(&mut text, &columns, request, label, state);
    for row in &rows {
        let mut line = format!("{:<label$}  {:<state$}", row.label, row.state);
        for column in &columns {
            let first = column.clients.first();
            let cell = first.and_then(|place| row.cells.get(*place));
            let cell = cell.map_or("", String::as_str);
            let _ = write!(line, "  {cell:<width$}", width = column.width);
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// The certificate, and each key of it that fares otherwise.
fn rows(certificate: &AuditedCertificate) -> Vec<Row> {
    let whole = Row {
        label: certificate.fingerprint.to_string(),
        state: certificate.state.word().to_owned(),
        cells: certificate
            .judgements
            .iter()
            .map(|judgement| cell(&judgement.whole))
            .collect(),
    };
    let keys = certificate
        .keys
        .iter()
        .enumerate()
        .filter_map(|(place, key)| {
            let opinions = certificate.judgements.iter();
            let cells: Vec<String> = opinions
                .map(|judgement| judgement.keys.get(place).map(|key| cell(&key.opinion)))
                .collect::<Option<_>>()?;
            let asked = cells.iter().any(|cell| cell != "-");
            (asked && cells != whole.cells).then(|| Row {
                label: format!("  {}", key.fingerprint),
                state: key.algorithm.clone(),
                cells,
            })
        });
    let keys: Vec<Row> = keys.collect();
    std::iter::once(whole).chain(keys).collect()
}

fn cell(opinion: &Opinion) -> String {
    if let Some(until) = opinion.until() {
        return until.strftime("%Y-%m-%d").to_string();
    }
    match opinion.answer {
        Answer::Accepts => "ok",
        Answer::Warns => "warn",
        Answer::Rejects => "no",
        Answer::NotAsked => "-",
    }
    .to_owned()
}

/// Clients with the same cells everywhere share a column.
fn columns(rows: &[Row], request: &AuditRequest<'_>) -> Vec<Column> {
    let cells = |place: usize| rows.iter().map(move |row| row.cells.get(place));
    let mut columns: Vec<Column> = Vec::new();
    for (place, consumer) in request.consumers.iter().enumerate() {
        let same = columns.iter_mut().find(|column| {
            let first = column.clients.first().copied().unwrap_or_default();
            cells(first).eq(cells(place))
        });
        let name = consumer.name().len();
        match same {
            Some(column) => {
                column.clients.push(place);
                column.width = column.width.max(name);
            }
            None => columns.push(Column {
                clients: vec![place],
                width: name.max(width(cells(place).flatten().map(String::as_str))),
            }),
        }
    }
    columns
}

/// The names of the clients, those that agree one above the other.
fn header(
    text: &mut String,
    columns: &[Column],
    request: &AuditRequest<'_>,
    label: usize,
    state: usize,
) {
    let height = columns.iter().map(|column| column.clients.len()).max();
    for line in 0..height.unwrap_or_default() {
        let last = height == Some(line + 1);
        let (first, second) = if last {
            ("certificate", "state")
        } else {
            ("", "")
        };
        let mut written = format!("{first:<label$}  {second:<state$}");
        for column in columns {
            // Short stacks stand on the table.
            let above = height.unwrap_or_default() - column.clients.len();
            let client = line
                .checked_sub(above)
                .and_then(|at| column.clients.get(at));
            let name = client.and_then(|place| request.consumers.get(*place));
            let name = name.map_or("", |consumer| consumer.name());
            let _ = write!(written, "  {name:<width$}", width = column.width);
        }
        let _ = writeln!(text, "{}", written.trim_end());
    }
}

fn width<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts
        .map(|text| text.chars().count())
        .max()
        .unwrap_or_default()
}
