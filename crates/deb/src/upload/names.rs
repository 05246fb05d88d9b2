//! What names and versions may look like (Debian Policy, 5.6.1 and 5.6.12).

/// What is wrong with the name of a listed file, if anything. dpkg's own rule: a letter or
/// digit, then letters, digits and `-+:.,=_~`. So no name climbs, hides, passes for an
/// option, or means something to a shell.
pub(super) fn file_objection(name: &str) -> Option<&'static str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-+:.,=_~".contains(&byte);
    if name.contains('/') {
        Some("it contains a slash")
    } else if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        Some("it does not begin with a letter or digit")
    } else if !name.bytes().all(plain) {
        Some("it contains a character that no such name has")
    } else if name.len() > 255 {
        Some("it is longer than 255 bytes")
    } else {
        None
    }
}

/// Whether it is the name of a package.
pub(super) fn is_package(name: &str) -> bool {
    let mut bytes = name.bytes();
    let first = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    bytes.next().is_some_and(first)
        && name.len() > 1
        && bytes.all(|byte| first(byte) || b"+-.".contains(&byte))
}

/// Whether it is a version as dpkg reads it: `[epoch:]upstream[-revision]`.
pub(super) fn is_version(version: &str) -> bool {
    let (epoch, rest) = match version.split_once(':') {
        Some((epoch, rest)) => (Some(epoch), rest),
        None => (None, version),
    };
    let (upstream, revision) = match rest.rsplit_once('-') {
        Some((upstream, revision)) => (upstream, Some(revision)),
        None => (rest, None),
    };
    let all = |text: &str, more: &[u8]| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
    };
    let colon = if epoch.is_some() {
        &b".+-~:"[..]
    } else {
        b".+-~"
    };
    epoch.is_none_or(|epoch| epoch.len() <= 10 && epoch.parse::<u32>().is_ok())
        && upstream.starts_with(|c: char| c.is_ascii_digit())
        && all(upstream, colon)
        && revision.is_none_or(|revision| !revision.is_empty() && all(revision, b".+~"))
}

/// Whether it is the name of an architecture, or a wildcard of architectures.
pub(super) fn is_architecture(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// A version as file names have it: without its epoch.
pub(super) fn without_epoch(version: &str) -> &str {
    version.split_once(':').map_or(version, |(_, rest)| rest)
}

/// The upstream part of a version: without epoch and revision.
pub(super) fn upstream(version: &str) -> &str {
    let version = without_epoch(version);
    version
        .rsplit_once('-')
        .map_or(version, |(upstream, _)| upstream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names() {
        for good in [
            "hello_1.0-1.dsc",
            "g++-12_12.2.0~rc1+dfsg-1.debian.tar.xz",
            "0ad_0.0.26.orig.tar.xz.asc",
        ] {
            assert_eq!(file_objection(good), None, "{good}");
        }
        for bad in [
            "",
            "-rf",
            "--output",
            ".hidden",
            "..",
            "../x",
            "a/b",
            "/etc/passwd",
            "a\0b",
            "a\nb",
            "a b",
            "a;b",
            "$(id)",
            "a`b",
            "a|b",
            "a*b",
            "~x",
            "a\\b",
            "a\u{1b}[2J",
            "ä",
        ] {
            assert!(file_objection(bad).is_some(), "{bad:?}");
        }
        assert!(file_objection(&"a".repeat(256)).is_some());
    }

    #[test]
    fn packages() {
        for good in ["hello", "g++", "0ad", "libx11-6", "a.b"] {
            assert!(is_package(good), "{good}");
        }
        for bad in ["", "a", "Hello", "-x", "+x", "a_b", "a/b", "hello ", "ä1"] {
            assert!(!is_package(bad), "{bad}");
        }
    }

    #[test]
    fn versions() {
        for good in ["1", "1.0-1", "2:1.0~rc1-1+b2", "1:1:2-3", "0~0", "1-2-3"] {
            assert!(is_version(good), "{good}");
        }
        for bad in [
            "",
            "a1",
            ":1",
            "x:1",
            "-1:1",
            "1:",
            "1-",
            "1.0 ",
            "1/2",
            "1_2",
            "1:2:3/",
            "1.0-1_2",
            "99999999999:1",
            "1:-1",
            "1;2",
        ] {
            assert!(!is_version(bad), "{bad}");
        }
    }

    #[test]
    fn parts_of_versions() {
        assert_eq!(without_epoch("2:1.0-1"), "1.0-1");
        assert_eq!(upstream("2:1.0-rc-1"), "1.0-rc");
        assert_eq!(upstream("1.0"), "1.0");
        assert!(is_architecture("kfreebsd-amd64") && is_architecture("all"));
        assert!(!is_architecture("") && !is_architecture("-x") && !is_architecture("AMD64"));
    }
}
