bundle one '{"cpu": {"quota": 5000, "period": 50000}}' 'while :; do :; done'
start one
until_true holds 'nr_throttled [1-9]' "$(group one)/cpu.stat"
remove one
