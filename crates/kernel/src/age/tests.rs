use super::*;

const SECOND: i64 = 1_000_000_000;

fn check_fresh(age_ns: i64, max_s: u64, expect: Result<(), &str>) {
    let now = 1_800_000_000 * SECOND;
    let shown = fresh(now, now - age_ns, max_s * 1_000_000_000).map_err(|error| error.to_string());
    assert_eq!(shown, expect.map_err(str::to_owned), "{age_ns} ns old");
}

#[test]
fn a_fact_is_fresh_up_to_its_greatest_age() {
    check_fresh(0, 30, Ok(()));
    check_fresh(30 * SECOND, 30, Ok(()));
    check_fresh(30 * SECOND + 1, 30, Err("it is 30.000000001 s old; at most 30 s is accepted"));
    check_fresh(94 * SECOND, 30, Err("it is 94 s old; at most 30 s is accepted"));
    check_fresh(7_384 * SECOND, 600, Err("it is 2 h 3 min 4 s old; at most 10 min is accepted"));
    check_fresh(0, 0, Ok(()));
    check_fresh(1, 0, Err("it is 0.000000001 s old; at most 0 s is accepted"));
}

#[test]
fn a_source_ahead_of_the_clock_is_not_fresh() {
    check_fresh(-5 * SECOND, 30, Ok(()));
    check_fresh(-5 * SECOND - 1, 30, Err("its time is 5.000000001 s ahead of the clock here"));
    assert_eq!(fresh(i64::MIN, i64::MAX, u64::MAX), Err(Aged::Ahead { by_ns: u64::MAX }));
    assert_eq!(fresh(i64::MAX, i64::MIN, u64::MAX), Ok(()));
    assert_eq!(
        fresh(i64::MAX, i64::MIN, u64::MAX - 1),
        Err(Aged::TooOld { age_ns: u64::MAX, max_ns: u64::MAX - 1 })
    );
}

#[test]
fn spacing_counts_from_the_last_one() {
    assert_eq!(spaced(0, None, u64::MAX), Ok(()));
    assert_eq!(spaced(110, Some(100), 10), Ok(()));
    let soon = TooSoon { since_ns: 9, min_ns: 10, again_at_ns: 110 };
    assert_eq!(spaced(109, Some(100), 10), Err(soon));
    assert_eq!(spaced(soon.again_at_ns, Some(100), 10), Ok(()));
}

#[test]
fn a_clock_behind_the_last_one_is_too_soon() {
    assert_eq!(spaced(99, Some(100), 0), Err(TooSoon { since_ns: 0, min_ns: 0, again_at_ns: 100 }));
    assert_eq!(spaced(100, Some(100), 0), Ok(()));
    let never = TooSoon { since_ns: 100, min_ns: u64::MAX, again_at_ns: i64::MAX };
    assert_eq!(spaced(100, Some(0), u64::MAX), Err(never));
}

#[test]
fn durations_past_what_nanoseconds_hold_are_the_longest() {
    assert_eq!(nanoseconds(Duration::from_millis(1)), 1_000_000);
    assert_eq!(nanoseconds(Duration::MAX), u64::MAX);
}
