//! Where a pinentry finds the person.

use std::os::unix::ffi::OsStrExt as _;

/// Assuan options that tell a pinentry, or the agent that starts it, of terminal and
/// display, from the variables GnuPG uses.
pub(super) fn options() -> Vec<String> {
    options_of(|name| std::env::var_os(name), terminal)
}

fn options_of(
    variable: impl Fn(&str) -> Option<std::ffi::OsString>,
    terminal: impl Fn() -> Option<String>,
) -> Vec<String> {
    let value = |name: &str| {
        let value = variable(name)?;
        let text = std::str::from_utf8(value.as_bytes()).ok()?.to_owned();
        // A line is a command.
        let plain = !text.is_empty() && text.len() < 500 && !text.contains(char::is_control);
        plain.then_some(text)
    };
    let locale = |category: &str| {
        value("LC_ALL")
            .or_else(|| value(category))
            .or_else(|| value("LANG"))
    };
    [
        ("ttyname", value("GPG_TTY").or_else(terminal)),
        ("ttytype", value("TERM")),
        ("display", value("DISPLAY")),
        ("xauthority", value("XAUTHORITY")),
        ("lc-ctype", locale("LC_CTYPE")),
        ("lc-messages", locale("LC_MESSAGES")),
    ]
    .into_iter()
    .filter_map(|(option, value)| Some(format!("OPTION {option}={}", value?)))
    .collect()
}

/// The terminal we were started from, where standard input is one.
fn terminal() -> Option<String> {
    use std::io::IsTerminal as _;
    std::io::stdin().is_terminal().then_some(())?;
    let path = std::fs::read_link("/proc/self/fd/0").ok()?;
    path.to_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_become_options() {
        let options = options_of(
            |name| match name {
                "GPG_TTY" => Some("/dev/pts/7".into()),
                "TERM" => Some("xterm".into()),
                "LANG" => Some("de_DE.UTF-8".into()),
                "DISPLAY" => Some(":0\nOPTION x=y".into()),
                "XAUTHORITY" => Some("".into()),
                _ => None,
            },
            || Some("/dev/pts/1".to_owned()),
        );
        assert_eq!(
            options,
            [
                "OPTION ttyname=/dev/pts/7",
                "OPTION ttytype=xterm",
                "OPTION lc-ctype=de_DE.UTF-8",
                "OPTION lc-messages=de_DE.UTF-8",
            ]
        );
        let options = options_of(|_| None, || Some("/dev/pts/1".to_owned()));
        assert_eq!(options, ["OPTION ttyname=/dev/pts/1"]);
        assert!(options_of(|_| None, || None).is_empty());
    }
}
