//! Kills at random instants.

use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::json;

use super::world::{World, look_at};

/// How many writers die.
const KILLS: u64 = 500;
/// How many effects are in flight when one dies.
const IN_FLIGHT: u64 = 3;

#[test]
fn five_hundred_killed_writers_leave_nothing_done_twice_and_nothing_untold() {
    let seed = std::env::var("KILL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0x1a57_100c);
    println!("replay with KILL_SEED={seed}");
    let world = World::new();
    let (kept_going, resolved) = std::thread::scope(|scope| {
        // Dropped when an assertion fails too: the living writer ends, and the scope need not wait for ever.
        let (beat, beats) = channel();
        let living = scope.spawn(|| live(&world, beats));
        let mut dice = Dice(seed);
        let mut resolved = 0;
        for kill in 0..KILLS {
            beat.send(()).expect("the living writer has ended");
            die(&world, kill, &mut dice);
            if kill % 50 == 49 {
                resolved += world.resolve_unknown();
            }
        }
        drop(beat);
        (living.join().unwrap(), resolved)
    });
    assert_eq!(kept_going, KILLS, "the other writer was held up");
    assert!(resolved > 0, "no kill ever hit between arm and record: the sweep proves nothing");

    // The next life of the same writers finds what the dead left, and nothing is left without an end.
    let mut last = world.boundary(None, 0);
    last.initialize();
    look_at(&mut last, "nothing.md");
    assert!(last.close().success());
    world.resolve_unknown();
    world.check();
    assert!(world.told().iter().all(|told| told.end() != Some("unknown")));
}

/// The other writer: reads and writes notes of its own beside every death.
fn live(world: &World, beats: Receiver<()>) -> u64 {
    let mut client = world.boundary(None, 0);
    client.initialize();
    let mut done = 0;
    for () in beats {
        let note = format!("living-{done}.md");
        look_at(&mut client, &note);
        let result = client.call("write_note", json!({"path": note, "content": "alive"}));
        assert!(
            result.get("isError").is_none_or(|error| error == false),
            "the living writer was refused: {result}"
        );
        done += 1;
    }
    assert!(client.close().success());
    done
}

/// One writer that dies: mostly with effects under way, sometimes while it still starts.
fn die(world: &World, kill: u64, dice: &mut Dice) {
    let mut client = world.boundary(None, 0);
    if dice.one_in(10) {
        spin(dice.below(60_000));
        return client.kill();
    }
    client.initialize();
    for effect in 0..IN_FLIGHT {
        let note = format!("killed-{kill}-{effect}.md");
        if dice.one_in(2) {
            look_at(&mut client, &note);
        }
        client.ask("write_note", json!({"path": note, "content": "?"}));
    }
    spin(dice.below(15_000));
    client.kill();
}

/// Lets an exact number of microseconds pass: the instant is the point of the test.
fn spin(micros: u64) {
    let until = Instant::now() + Duration::from_micros(micros);
    while Instant::now() < until {
        std::hint::spin_loop();
    }
}

/// Numbers that look random and can be had again (xorshift64*, Vigna 2016).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % bound
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }
}
