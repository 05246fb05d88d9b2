//! A Release as apt reads it: leniently, so a model only.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use pkgseal_repo::Finding;

use super::rules::Rules;
use super::{Question, RootDates, date, reject};
use crate::codes;

/// Hash lists in the order in which apt reads them, and whether one of them is enough.
const LISTS: [(&str, usize, bool); 4] = [
    ("sha512", 128, true),
    ("sha256", 64, true),
    ("sha1", 40, false),
    ("md5sum", 32, false),
];

/// Reads it and judges its dates.
pub(super) fn judge(
    rules: &Rules,
    text: &[u8],
    subject: &str,
    question: &Question<'_>,
    reasons: &mut Vec<Finding>,
) -> Result<(), Box<Finding>> {
    let fields = fields(text);
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let weak = |detail: String| Box::new(*reject(codes::CLIENT_WEAK, subject, detail));
    let mut strong = false;
    let mut sizes = BTreeMap::<String, u64>::new();
    for (list, digits, is_strong) in LISTS {
        let Some(value) = fields.get(list) else {
            continue;
        };
        for entry in hash_lines(value) {
            let Some(entry) = entry else {
                return Err(weak(format!("a malformed line in its list {list}")));
            };
            strong |= is_strong;
            if is_strong {
                unmatchable(&entry, digits, &mut sizes, subject, reasons);
            }
        }
    }
    if !strong {
        return Err(weak("it lists no SHA256 and no SHA512".to_owned()));
    }
    let dated = date::parse(field("date"));
    if dated.is_none() {
        let detail = format!("its Date is none: {:?}", field("date"));
        reasons.push(Finding::warning(codes::CLIENT_DATE, subject, detail));
    }
    let until = match field("valid-until") {
        "" => None,
        text => Some(
            date::parse(text)
                .ok_or_else(|| weak(format!("its Valid-Until is no date: {text:?}")))?,
        ),
    };
    dates(rules, dated, until, subject, question.now)?;
    if let Some(suite) = question.suite {
        other_suite(suite, field("suite"), field("codename"), subject, reasons);
    }
    Ok(())
}

/// What it says of its time.
pub(super) fn dates_of(text: &[u8]) -> RootDates {
    let fields = fields(text);
    let field = |name: &str| fields.get(name).and_then(|value| date::parse(value));
    RootDates {
        date: field("date"),
        valid_until: field("valid-until"),
    }
}

/// Valid-Until within the client's Min-ValidTime and Max-ValidTime.
pub(super) fn effective(
    rules: &Rules,
    dated: Option<Timestamp>,
    until: Option<Timestamp>,
) -> Option<Timestamp> {
    let (minimum, maximum) = (
        rules.release.min_valid_seconds,
        rules.release.max_valid_seconds,
    );
    let mut until = until;
    if minimum != 0
        && let Some(end) = until
    {
        until = Some(end.max(plus(dated.unwrap_or(Timestamp::UNIX_EPOCH), minimum)));
    }
    if maximum != 0
        && let Some(start) = dated
    {
        let latest = plus(start, maximum);
        until = Some(until.map_or(latest, |end| end.min(latest)));
    }
    until
}

fn plus(start: Timestamp, seconds: i64) -> Timestamp {
    start
        .saturating_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

/// Valid-Until, then the future.
fn dates(
    rules: &Rules,
    dated: Option<Timestamp>,
    until: Option<Timestamp>,
    subject: &str,
    now: Timestamp,
) -> Result<(), Box<Finding>> {
    let cause = || format!("client {}: release ({})", rules.name, rules.release.explain);
    let until = effective(rules, dated, until);
    if let Some(until) = until
        && now > until
    {
        let detail = format!("expired: valid until {until}, and now it is {now}");
        return Err(Box::new(
            reject(codes::CLIENT_EXPIRED, subject, detail).because(cause()),
        ));
    }
    if let Some(start) = dated
        && start > plus(now, rules.release.max_future_seconds)
    {
        let detail = format!("not valid yet: dated {start}, and now it is {now}");
        return Err(Box::new(
            reject(codes::CLIENT_FUTURE, subject, detail).because(cause()),
        ));
    }
    Ok(())
}

fn other_suite(
    suite: &str,
    named: &str,
    codename: &str,
    subject: &str,
    reasons: &mut Vec<Finding>,
) {
    let asked = suite.rsplit_once('/').map_or(suite, |(front, _)| front);
    let fits = |asked: &str| asked.is_empty() || asked == named || asked == codename;
    if !fits(suite) && !fits(asked) {
        let detail = format!("conflicting distribution: expected {suite}, and it is {codename:?}");
        reasons.push(Finding::warning(codes::CLIENT_SUITE, subject, detail));
    }
}

/// The fields of the first paragraph, names in small letters, the last of a name; values
/// without blanks around them.
fn fields(text: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(text);
    let mut fields = BTreeMap::<String, String>::new();
    let mut current: Option<String> = None;
    for line in text.trim_start_matches(['\n', '\r']).split('\n') {
        if line.trim_end_matches('\r').is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            if let Some(value) = current.as_ref().and_then(|name| fields.get_mut(name)) {
                value.push('\n');
                value.push_str(line);
            }
            continue;
        }
        current = line.split_once(':').map(|(name, value)| {
            let name = name.trim_end().to_ascii_lowercase();
            fields.insert(name.clone(), value.to_owned());
            name
        });
    }
    for value in fields.values_mut() {
        *value = value
            .trim_matches(|c: char| c.is_ascii_whitespace())
            .to_owned();
    }
    fields
}

/// A line of a hash list.
struct HashLine {
    digest: String,
    size: u64,
    path: String,
}

/// Words three by three, wherever the lines end between the first two; `None` for what
/// apt cannot read, which ends it.
fn hash_lines(value: &str) -> Vec<Option<HashLine>> {
    let mut rest = value;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let line = hash_line(&mut rest);
        let ended = line.is_none();
        found.push(line);
        if ended {
            break;
        }
    }
    found
}

fn hash_line(rest: &mut &str) -> Option<HashLine> {
    let blank = |c: char| matches!(c, ' ' | '\t');
    let start = rest.trim_start_matches(|c: char| blank(c) || matches!(c, '\n' | '\r'));
    let (digest, after) = start.split_at(start.find(blank)?);
    let after = after.trim_start_matches(blank);
    let (size, after) = after.split_at(after.find(blank)?);
    let after = after.trim_start_matches(blank);
    if after.is_empty() {
        return None;
    }
    let end = after
        .find(|c: char| blank(c) || matches!(c, '\n' | '\r'))
        .unwrap_or(after.len());
    let (path, after) = after.split_at(end);
    *rest = after;
    let digits = size.bytes().take_while(u8::is_ascii_digit).count();
    Some(HashLine {
        digest: digest.to_owned(),
        size: size
            .get(..digits)
            .and_then(|size| size.parse().ok())
            .unwrap_or_default(),
        path: path.to_owned(),
    })
}

/// Notes entries that no file can match: the client fails when it fetches them.
fn unmatchable(
    entry: &HashLine,
    digits: usize,
    sizes: &mut BTreeMap<String, u64>,
    subject: &str,
    reasons: &mut Vec<Finding>,
) {
    let canonical = entry.digest.len() == digits
        && entry
            .digest
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let size = *sizes.entry(entry.path.clone()).or_insert(entry.size);
    let what = if !canonical {
        "a digest that no file can have, as the client compares its text"
    } else if size != entry.size {
        "another size than in the list the client reads first, which counts"
    } else {
        return;
    };
    let known = reasons
        .iter()
        .filter(|reason| reason.code == codes::CLIENT_UNMATCHABLE)
        .count();
    if known < 16 {
        let detail = format!("{}: {what}", entry.path);
        reasons.push(Finding::note(codes::CLIENT_UNMATCHABLE, subject, detail));
    }
}
