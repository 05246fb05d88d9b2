//! Date and Valid-Until.

use pkgseal_testkit::keys;

use crate::agreement::case::{Case, lists, signed_then, with};

pub(crate) fn cases() -> Vec<Case> {
    let good = keys::load("good");
    let mut cases = Vec::new();
    let mut add = |name: &str, text: String| {
        let case = Case::new("dates", name, &["good"]).inline(&[(&good, signed_then())], &text);
        cases.push(case);
    };
    let dated = |date: &str| {
        format!(
            "Origin: T\nLabel: T\nSuite: stable\nCodename: stable\n{date}{}",
            lists()
        )
    };
    // Now is 2025-09-01 00:00:00.
    for date in [
        "Sat, 01 Mar 2025 00:00:00 UTC",
        "Sat, 01 Mar 2025 00:00:00 GMT",
        "Sat, 01 Mar 2025 00:00:00 Z",
        "Sat, 01 Mar 2025 00:00:00 +0000",
        "Sat, 01 Mar 2025 00:00:00 -0000",
        "Sat, 01 Mar 2025 00:00:00 +0",
        "Sat, 01 Mar 2025 00:00:00 0",
        "Sat, 01 Mar 2025 00:00:00 +0200",
        "Sat, 01 Mar 2025 00:00:00 CET",
        "Sat, 01 Mar 2025 00:00:00",
        "Sat, 1 Mar 2025 00:00:00 UTC",
        "Sat,  1 Mar 2025 00:00:00 UTC",
        "sat, 01 mar 2025 00:00:00 UTC",
        "Mon, 01 Mar 2025 00:00:00 UTC",
        "01 Mar 2025 00:00:00 UTC",
        "Sat Mar  1 00:00:00 2025",
        "Saturday, 01-Mar-25 00:00:00 UTC",
        "Saturday, 01-Mar-125 00:00:00 UTC",
        "Sat, 31 Feb 2025 00:00:00 UTC",
        "Sat, 32 Jan 2025 00:00:00 UTC",
        "Sat, 01 Foo 2025 00:00:00 UTC",
        "Sat, 01 Mar 2025 25:00:00 UTC",
        "Sat, 01 Mar 2025 00:00:60 UTC",
        "2025-03-01T00:00:00Z",
        "",
        "Sun, 31 Aug 2025 23:59:00 UTC",
        "Mon, 01 Sep 2025 02:00:00 UTC",
        "Wed, 01 Sep 2055 00:00:00 UTC",
        "Thu, 01 Jan 1970 00:00:00 UTC",
    ] {
        add(&format!("Date: {date}"), dated(&format!("Date: {date}\n")));
    }
    add("no Date", dated(""));
    for until in [
        "Sun, 31 Aug 2025 23:59:00 UTC",
        "Sat, 01 Mar 2025 00:00:00 UTC",
        "Fri, 28 Feb 2025 00:00:00 UTC",
        "Wed, 01 Oct 2025 00:00:00 UTC",
        "Wed, 01 Oct 2025 00:00:00 +0200",
        "Wed, 01 Oct 2025 00:00:00 CEST",
        "Wed Oct  1 00:00:00 2025",
        "never",
        "",
    ] {
        add(
            &format!("Valid-Until: {until}"),
            with(&format!("Valid-Until: {until}\n"), ""),
        );
    }
    let valid_until = |day: &str| format!("Valid-Until: {day} 00:00:00 UTC\n");
    let (gone, ahead) = (
        valid_until("Thu, 01 May 2025"),
        valid_until("Wed, 01 Oct 2025"),
    );
    add(
        "Valid-Until past, then ahead",
        with(&format!("{gone}{ahead}"), ""),
    );
    add(
        "Valid-Until ahead, then past",
        with(&format!("{ahead}{gone}"), ""),
    );
    add(
        "valid-until in small letters, past",
        with(&gone.to_lowercase(), ""),
    );
    add("Valid-Until past, and no Date", dated(&gone));
    cases
}
