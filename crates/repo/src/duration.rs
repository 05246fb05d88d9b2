//! Lengths of time as people write them.

use jiff::SignedDuration;

/// Reads a length of time: a whole number and a unit (`s`, `min` or `m`, `h`, `d`, `w`),
/// one or several in a row: `90min`, `1d12h`.
///
/// # Errors
/// A sentence that says what is expected.
pub fn parse_duration(text: &str) -> Result<SignedDuration, String> {
    const FORM: &str = "expected a number and a unit: 45s, 90min, 36h, 10d, 2w";
    let mut rest = text.trim();
    let mut total = SignedDuration::ZERO;
    if rest.is_empty() {
        return Err(FORM.to_owned());
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at(letters);
        let seconds = match unit {
            "s" => 1,
            "min" | "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            "w" => 7 * 86_400,
            _ => return Err(FORM.to_owned()),
        };
        total = number
            .parse::<i64>()
            .ok()
            .and_then(|number| number.checked_mul(seconds))
            .and_then(|seconds| total.checked_add(SignedDuration::from_secs(seconds)))
            .ok_or(FORM)?;
        rest = after;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, seconds) in [
            ("45s", 45),
            ("90min", 5400),
            ("30m", 1800),
            ("36h", 129_600),
            ("10d", 864_000),
            ("1d12h", 129_600),
            ("2w", 1_209_600),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(SignedDuration::from_secs(seconds)));
        }
        for text in [
            "",
            "5",
            "d",
            "-1d",
            "1 d",
            "+1d",
            "1.5d",
            "1dd",
            "1y",
            "9999999999999999999d",
        ] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        assert!(parse_duration("9223372036854775807w").is_err());
    }
}
