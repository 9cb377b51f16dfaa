// What arrow-go does with a server, raw and by database/sql, and what it must find.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/driver"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func check(right bool, what ...any) {
	if !right {
		panic(fmt.Sprint(what...))
	}
}

func raw(address string) {
	ctx := context.Background()
	client := must(flightsql.NewClient(address, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials())))
	defer client.Close()
	ctx = must(client.Client.AuthenticateBasicToken(ctx, "ada", "secret"))
	info := must(client.Execute(ctx, "SELECT value FROM generate_series(1, 1000000)"))
	check(len(info.Endpoint) == 1, "one endpoint")
	read := func(ticket *flight.Ticket) (rows int64) {
		reader := must(client.DoGet(ctx, ticket))
		defer reader.Release()
		for reader.Next() {
			rows += reader.RecordBatch().NumRows()
		}
		check(reader.Err() == nil, reader.Err())
		return rows
	}
	check(read(info.Endpoint[0].Ticket) == 1000000, "all rows")
	check(read(info.Endpoint[0].Ticket) == 1000000, "all rows, a second time")
	_, err := client.Execute(ctx, "SELECT nothing_of_that_name")
	check(status.Code(err) == codes.InvalidArgument, err)
	_, err = client.BeginTransaction(ctx)
	check(status.Code(err) == codes.Unimplemented && strings.Contains(err.Error(), "no transactions"), err)
	info = must(client.Execute(ctx, "SELECT value FROM generate_series(1, 100000000000)"))
	reader := must(client.DoGet(ctx, info.Endpoint[0].Ticket))
	check(reader.Next(), "a first batch")
	cancelled := must(client.CancelFlightInfo(ctx, &flight.CancelFlightInfoRequest{Info: info}))
	check(cancelled.Status == flight.CancelStatusCancelled, cancelled)
	for reader.Next() {
	}
	check(status.Code(reader.Err()) == codes.Canceled, reader.Err())
	reader.Release()
	info = must(client.GetXdbcTypeInfo(ctx, nil))
	check(read(info.Endpoint[0].Ticket) > 10, "types")
	schema := must(client.GetExecuteSchema(ctx, "SELECT 1 AS n"))
	check(len(schema.Schema) > 0, "a schema without running")
	_, err = client.GetSessionOptions(ctx, &flight.GetSessionOptionsRequest{})
	check(err == nil, err)
	_, err = client.CloseSession(ctx, &flight.CloseSessionRequest{})
	check(err == nil, err)
	_, err = client.Execute(ctx, "SELECT 1")
	check(status.Code(err) == codes.Unauthenticated && strings.Contains(err.Error(), "ended"), err)
	fmt.Println("arrow-go: raw calls ok")
}

func standard(address string) {
	// Basic with every call, and no handshake.
	db := must(sql.Open("flightsql", "flightsql://ada:secret@"+address+"?timeout=60s"))
	defer db.Close()
	var n int64
	check(db.QueryRow("SELECT 40 + ?", int64(2)).Scan(&n) == nil && n == 42, n)
	connection := must(db.Conn(context.Background()))
	must(connection.ExecContext(context.Background(), "CREATE TABLE go_once AS SELECT 7 AS n"))
	rows := must(connection.QueryContext(context.Background(), "SELECT n FROM go_once"))
	check(rows.Next() && rows.Scan(&n) == nil && n == 7, "the connection's own table")
	rows.Close()
	connection.Close()
	_, err := db.Query("SELECT nothing_of_that_name")
	check(err != nil && strings.Contains(err.Error(), "nothing_of_that_name"), err)
	fmt.Println("arrow-go: database/sql ok")
}

// queue is about a server that runs one statement at once.
func queue(address string) {
	ctx := context.Background()
	client := must(flightsql.NewClient(address, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials())))
	defer client.Close()
	first := must(client.Client.AuthenticateBasicToken(ctx, "ada", "secret"))
	second := must(client.Client.AuthenticateBasicToken(ctx, "bob", "secret"))
	info := must(client.Execute(first, "SELECT value FROM generate_series(1, 100000000000)"))
	// A reader that is released leaves its stream open: only its context ends it.
	reading, leave := context.WithCancel(first)
	reader := must(client.DoGet(reading, info.Endpoint[0].Ticket))
	check(reader.Next(), "it runs")
	// The client's own deadline passes while its statement waits; it leaves the queue.
	short, cancel := context.WithTimeout(second, 300*time.Millisecond)
	defer cancel()
	info = must(client.Execute(second, "SELECT 1 AS waits"))
	waits, err := client.DoGet(short, info.Endpoint[0].Ticket)
	if err == nil {
		check(!waits.Next(), "it waits")
		err = waits.Err()
	}
	check(status.Code(err) == codes.DeadlineExceeded, err)
	leave()
	reader.Release()
	info = must(client.Execute(second, "SELECT 1"))
	rows := must(client.DoGet(second, info.Endpoint[0].Ticket))
	check(rows.Next() && rows.RecordBatch().NumRows() == 1, "the turn is free")
	rows.Release()
	fmt.Println("arrow-go: a queue ok")
}

// secure is about who is let in, and who not.
func secure(encrypted, asking, ca, certificate, key, token string) {
	authorities := x509.NewCertPool()
	check(authorities.AppendCertsFromPEM(must(os.ReadFile(ca))), ca)
	known := &tls.Config{RootCAs: authorities}
	shown := &tls.Config{RootCAs: authorities, Certificates: []tls.Certificate{must(tls.LoadX509KeyPair(certificate, key))}}
	for name, config := range map[string]*tls.Config{"known": known, "shown": shown, "stranger": {}} {
		check(driver.RegisterTLSConfig(name, config) == nil, name)
	}
	ask := func(url string) error {
		db := must(sql.Open("flightsql", "flightsql://"+url+"&timeout=60s"))
		defer db.Close()
		var n int64
		return db.QueryRow("SELECT 1").Scan(&n)
	}
	for _, url := range []string{
		"ada:secret@" + encrypted + "?tls=known", encrypted + "?tls=known&token=" + token,
		"ada:secret@" + asking + "?tls=shown", asking + "?tls=shown&token=" + token,
	} {
		err := ask(url)
		check(err == nil, err)
	}
	for what, url := range map[string]string{
		"nobody": encrypted + "?tls=known", "a wrong password": "ada:Secret@" + encrypted + "?tls=known",
		"an unknown user": "bob:secret@" + encrypted + "?tls=known",
		"a wrong token": encrypted + "?tls=known&token=sluice-token-x",
		"no TLS": "ada:secret@" + encrypted + "?tls=false",
		"no certificate": "ada:secret@" + asking + "?tls=known",
		"an unknown authority": "ada:secret@" + encrypted + "?tls=stranger",
	} {
		check(ask(url) != nil, "let in: ", what)
	}
	fmt.Println("arrow-go: users, tokens, TLS and client certificates ok")
}

func main() {
	raw(os.Args[1])
	standard(os.Args[1])
	queue(os.Args[2])
	secure(os.Args[3], os.Args[4], os.Args[5], os.Args[6], os.Args[7], os.Args[8])
}
