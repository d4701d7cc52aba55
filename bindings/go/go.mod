module stoa.dev/stoa

go 1.22
