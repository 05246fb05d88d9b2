//! A progress bar on stderr, on a terminal only.

use std::io::IsTerminal as _;
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};
use pkgseal_repo::{NoProgress, Progress};

/// A bar where stderr is a terminal, else nothing.
pub(crate) fn for_stderr() -> Box<dyn Progress> {
    if std::io::stderr().is_terminal() {
        Box::new(Bar {
            bar: Mutex::new(None),
        })
    } else {
        Box::new(NoProgress)
    }
}

struct Bar {
    bar: Mutex<Option<ProgressBar>>,
}

impl Bar {
    fn with(&self, act: impl FnOnce(&ProgressBar)) {
        if let Ok(bar) = self.bar.lock()
            && let Some(bar) = bar.as_ref()
        {
            act(bar);
        }
    }
}

impl Progress for Bar {
    fn begin(&self, phase: &'static str, files: u64, bytes: Option<u64>) {
        let (template, total) = match bytes {
            Some(bytes) => (
                "{msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {eta}",
                bytes,
            ),
            None => ("{msg} [{bar:30}] {pos}/{len}", files),
        };
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(total)
            .with_style(style)
            .with_message(phase);
        if let Ok(mut slot) = self.bar.lock() {
            *slot = Some(bar);
        }
    }

    fn bytes(&self, count: u64) {
        self.with(|bar| bar.inc(count));
    }

    fn file(&self) {
        self.with(ProgressBar::tick);
    }

    fn end(&self) {
        if let Ok(mut slot) = self.bar.lock()
            && let Some(bar) = slot.take()
        {
            bar.finish_and_clear();
        }
    }
}
