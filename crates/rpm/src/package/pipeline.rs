//! One read of the payload, hashed by several threads at once.
//!
//! A large payload takes as long as its slowest hash: the reader and every hash have a
//! thread each, with a few chunks between them. Memory does not depend on the payload.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::read::Head;
use super::verify::stream_payload;

/// Takes chunks of the payload, in order.
pub(crate) type Sink<'a> = Box<dyn FnMut(&[u8]) + Send + 'a>;

/// Payloads from this size on are worth threads: starting one costs some 30 µs.
const THREADED: u64 = 4 << 20;

/// Chunks that may wait for a hash.
const WAITING: usize = 4;

/// Feeds the payload to every sink; returns its length.
pub(crate) fn feed(
    head: &Head,
    source: &mut impl Read,
    length: u64,
    mut sinks: Vec<Sink<'_>>,
) -> io::Result<u64> {
    let payload = length.saturating_sub(head.main_range().end as u64);
    // Asked last: it reads several files of the system.
    let several = || thread::available_parallelism().is_ok_and(|count| count.get() > 1);
    if payload < THREADED || sinks.is_empty() || !several() {
        return stream_payload(head, source, length, |chunk| {
            sinks.iter_mut().for_each(|sink| sink(chunk));
            Ok(())
        });
    }
    thread::scope(|scope| {
        let senders: Vec<SyncSender<Arc<Vec<u8>>>> = sinks
            .into_iter()
            .map(|sink| {
                let (sender, receiver) = sync_channel(WAITING);
                scope.spawn(move || drain(&receiver, sink));
                sender
            })
            .collect();
        let mut buffers = Buffers::default();
        stream_payload(head, source, length, |chunk| {
            let shared = buffers.fill(chunk);
            for sender in &senders {
                sender
                    .send(Arc::clone(&shared))
                    .map_err(|_| io::Error::other("a hashing thread ended early"))?;
            }
            Ok(())
        })
    })
}

fn drain(receiver: &Receiver<Arc<Vec<u8>>>, mut sink: Sink<'_>) {
    while let Ok(chunk) = receiver.recv() {
        sink(&chunk);
    }
}

/// Buffers that are used again once every hash is done with them.
#[derive(Default)]
struct Buffers(Vec<Arc<Vec<u8>>>);

impl Buffers {
    fn fill(&mut self, chunk: &[u8]) -> Arc<Vec<u8>> {
        for shared in &mut self.0 {
            if let Some(buffer) = Arc::get_mut(shared) {
                buffer.clear();
                buffer.extend_from_slice(chunk);
                return Arc::clone(shared);
            }
        }
        // No more of them than may wait, and what the hashes have in hand.
        let shared = Arc::new(chunk.to_vec());
        self.0.push(Arc::clone(&shared));
        shared
    }
}
