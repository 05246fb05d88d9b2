//! A program that is asked by lines and answers by lines.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use super::settings::Settings;

/// Bytes of an answer, at most.
const ANSWER: u64 = 64 * 1024;
/// Bytes of what it says on standard error that are repeated, at most.
const SAID: usize = 2048;
/// How long a process may take to end once its standard input has.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why there is no answer, and what the program said on standard error.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) reason: String,
    pub(super) said: String,
}

/// What came on standard output.
enum Line {
    Whole(Vec<u8>),
    TooLong,
    /// The last one, which had no end.
    Cut(Vec<u8>),
}

/// A running program. It ends with this value.
pub(super) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<Line>,
    said: Receiver<Vec<u8>>,
    timeout: Duration,
}

impl Process {
    /// Starts the program, with nothing of the environment but what is listed.
    pub(super) fn start(settings: &Settings) -> Result<Self, Failure> {
        let program = settings.program.display();
        let started = Command::new(&settings.program)
            .args(&settings.arguments)
            .env_clear()
            .envs(settings.environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = started.map_err(|error| {
            Failure::silent(match error.kind() {
                std::io::ErrorKind::NotFound => format!("there is no program {program}"),
                std::io::ErrorKind::PermissionDenied => {
                    format!("{program} may not be run (is its mode executable?)")
                }
                _ => format!("{program} cannot be run: {error}"),
            })
        })?;
        let input = child.stdin.take();
        let (to_lines, lines) = sync_channel(1);
        if let Some(output) = child.stdout.take() {
            std::thread::spawn(move || read_lines(output, &to_lines));
        }
        let (to_said, said) = sync_channel(1);
        if let Some(errors) = child.stderr.take() {
            std::thread::spawn(move || {
                // Nobody may wait for it any more.
                let _ = to_said.send(read_tail(errors));
            });
        }
        Ok(Self {
            child,
            input,
            lines,
            said,
            timeout: settings.timeout,
        })
    }

    /// Asks one of many questions.
    pub(super) fn ask(&mut self, request: &str) -> Result<Vec<u8>, Failure> {
        match self.lines.try_recv() {
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return Err(self.ended(None)),
            Ok(_) => return Err(self.fail("it wrote more than one line in answer".to_owned())),
        }
        let until = Instant::now() + self.timeout;
        self.write(request);
        match self.next(until)? {
            Line::Whole(line) => Ok(line),
            Line::Cut(_) => Err(self.fail("its answer breaks off: the line has no end".to_owned())),
            Line::TooLong => Err(self.too_long()),
        }
    }

    /// Asks the only question: its input ends with it, and it with its answer.
    pub(super) fn ask_once(mut self, request: &str) -> Result<Vec<u8>, Failure> {
        let until = Instant::now() + self.timeout;
        self.write(request);
        self.input = None;
        let answer = match self.next(until)? {
            // Its end ends the line.
            Line::Whole(line) | Line::Cut(line) => line,
            Line::TooLong => return Err(self.too_long()),
        };
        match self.lines.recv_timeout(left(until)) {
            Err(RecvTimeoutError::Disconnected) => {}
            Err(RecvTimeoutError::Timeout) => return Err(self.late()),
            Ok(_) => return Err(self.fail("it wrote more than one line in answer".to_owned())),
        }
        match self.wait(until) {
            Some(status) if status.success() => Ok(answer),
            Some(status) => Err(self.ended(Some(status))),
            None => Err(self.late()),
        }
    }

    /// Writes a request. That it could not be read shows in the answer, with the reason.
    fn write(&mut self, request: &str) {
        if let Some(input) = &mut self.input {
            let _ = input
                .write_all(request.as_bytes())
                .and_then(|()| input.flush());
        }
    }

    fn next(&mut self, until: Instant) -> Result<Line, Failure> {
        match self.lines.recv_timeout(left(until)) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => Err(self.late()),
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.wait(until.min(Instant::now() + FAREWELL));
                Err(self.ended(status))
            }
        }
    }

    /// How it ended, if it does in time.
    fn wait(&mut self, until: Instant) -> Option<ExitStatus> {
        let mut pause = Duration::from_micros(200);
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Err(_) => return None,
                Ok(None) if left(until).is_zero() => return None,
                Ok(None) => {}
            }
            std::thread::sleep(pause.min(left(until)));
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }

    fn too_long(&mut self) -> Failure {
        self.fail(format!("its answer is longer than {} KiB", ANSWER / 1024))
    }

    fn late(&mut self) -> Failure {
        let reason = format!("it did not answer within {} s", self.timeout.as_secs());
        self.fail(reason)
    }

    fn ended(&mut self, status: Option<ExitStatus>) -> Failure {
        let reason = match status {
            Some(status) if status.success() => "it ended without an answer".to_owned(),
            Some(status) => format!("it failed ({status})"),
            None => "it closed its output without an answer".to_owned(),
        };
        self.fail(reason)
    }

    /// Ends it and takes what it said.
    fn fail(&mut self, reason: String) -> Failure {
        self.input = None;
        let _ = self.child.kill();
        // A process of its own may hold the pipe open.
        let said = self.said.recv_timeout(FAREWELL).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        Failure {
            reason,
            said: said.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }
}

impl Failure {
    pub(super) fn silent(reason: String) -> Self {
        Self {
            reason,
            said: String::new(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.input = None;
        if self.wait(Instant::now() + FAREWELL).is_none() {
            // It is gone already, or cannot be killed: either way there is nobody to tell.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// Passes lines on, without their ends, until there are none or nobody wants more.
fn read_lines(output: impl Read, to: &SyncSender<Line>) {
    let mut output = BufReader::new(output);
    loop {
        let mut line = Vec::new();
        let read = output
            .by_ref()
            .take(ANSWER + 1)
            .read_until(b'\n', &mut line);
        if !matches!(read, Ok(1..)) {
            return;
        }
        let next = match line.strip_suffix(b"\n") {
            Some(whole) => Line::Whole(whole.to_vec()),
            None if line.len() as u64 > ANSWER => Line::TooLong,
            None => Line::Cut(line),
        };
        let is_last = !matches!(next, Line::Whole(_));
        if to.send(next).is_err() || is_last {
            return;
        }
    }
}

/// The end of all that comes.
fn read_tail(mut errors: impl Read) -> Vec<u8> {
    let mut tail = Vec::new();
    let mut block = [0; 4096];
    while let Ok(length @ 1..) = errors.read(&mut block) {
        tail.extend_from_slice(block.get(..length).unwrap_or_default());
        let surplus = tail.len().saturating_sub(SAID);
        tail.drain(..surplus);
    }
    tail
}
