// bench_grpc - the same calls by gRPC's C++ callback API.
//
//   --serve FOLDER        serves; prints "TCP-PORT,TLS-PORT", the latter 0 without certificates
//   --ask FOLDER PORTS    takes commands from standard input, answers each by "ok P50-US P99-US CALLS":
//                         open TRANSPORT CONNECTIONS IN-FLIGHT PAYLOAD-BYTES | run NANOSECONDS | close
#include "echo.grpc.pb.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <grpcpp/grpcpp.h>
#include <iostream>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <sys/prctl.h>
#include <csignal>
#include <vector>

namespace {

constexpr size_t reply_payload_bytes = 30;
constexpr int message_bytes_max = 4 << 20;

int64_t now_ns()
{
	return std::chrono::steady_clock::now().time_since_epoch().count();
}

std::string file_read(const std::string &name)
{
	std::ifstream file(std::string(std::getenv("BENCH_CERTIFICATES")) + "/" + name);
	std::stringstream text;
	text << file.rdbuf();
	return text.str();
}

class Echo final : public bench::v1::Echo::CallbackService {
	grpc::ServerUnaryReactor *Ask(grpc::CallbackServerContext *context,
				      const bench::v1::AskRequest *,
				      bench::v1::AskResponse *response) override
	{
		response->set_payload(std::string(reply_payload_bytes, 'r'));
		auto *reactor = context->DefaultReactor();
		reactor->Finish(grpc::Status::OK);
		return reactor;
	}
};

int serve(const std::string &folder)
{
	Echo echo;
	grpc::ServerBuilder builder;
	int tcp_port = 0;
	int tls_port = 0;

	builder.AddListeningPort("unix:" + folder + "/grpc", grpc::InsecureServerCredentials());
	builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &tcp_port);
	if (std::getenv("BENCH_CERTIFICATES") != nullptr) {
		grpc::SslServerCredentialsOptions options;
		options.pem_key_cert_pairs.push_back(
			{file_read("server.key"), file_read("server.pem")});
		builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options),
					 &tls_port);
	}
	builder.SetMaxReceiveMessageSize(message_bytes_max);
	builder.RegisterService(&echo);
	auto server = builder.BuildAndStart();
	if (server == nullptr) {
		return 1;
	}
	std::printf("%d,%d\n", tcp_port, tls_port);
	std::fflush(stdout);
	server->Wait();
	return 0;
}

struct Places {
	std::string folder;
	int tcp_port;
	int tls_port;
};

struct Asker;

// One call after the other.
struct Flight {
	Asker *asker;
	bench::v1::Echo::Stub *stub;
	std::unique_ptr<grpc::ClientContext> context;
	bench::v1::AskResponse response;
	int64_t begin_ns;
	uint64_t calls;
	std::vector<int64_t> latencies_ns; // when there is but one
};

struct Asker {
	std::vector<std::unique_ptr<bench::v1::Echo::Stub>> stubs;
	std::vector<Flight> flights;
	bench::v1::AskRequest request;
	int64_t end_ns;
	std::mutex lock;
	std::condition_variable landed;
	size_t in_the_air; // guarded by lock

	bool open(const Places &places, const std::string &transport, int connections, int in_flight,
		  size_t payload_bytes);
	void start(Flight *flight);
	void land(Flight *flight, const grpc::Status &status);
	void run(int64_t duration_ns);
};

std::shared_ptr<grpc::Channel> channel_open(const Places &places, const std::string &transport)
{
	auto credentials = grpc::InsecureChannelCredentials();
	std::string target = "127.0.0.1:" + std::to_string(places.tcp_port);
	grpc::ChannelArguments arguments;

	arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1); // a connection for each channel
	if (transport == "ipc" || transport == "unix") {
		target = "unix:" + places.folder + "/grpc";
	} else if (transport == "tls") {
		grpc::SslCredentialsOptions options;
		options.pem_root_certs = file_read("ca.pem");
		credentials = grpc::SslCredentials(options);
		arguments.SetSslTargetNameOverride("localhost");
		target = "127.0.0.1:" + std::to_string(places.tls_port);
	}
	return grpc::CreateCustomChannel(target, credentials, arguments);
}

bool Asker::open(const Places &places, const std::string &transport, int connections, int in_flight,
		 size_t payload_bytes)
{
	request.set_payload(std::string(payload_bytes, 'p'));
	for (int i = 0; i < connections; i++) {
		auto channel = channel_open(places, transport);
		if (!channel->WaitForConnected(std::chrono::system_clock::now() +
					       std::chrono::seconds(10))) {
			return false;
		}
		stubs.push_back(bench::v1::Echo::NewStub(channel));
	}
	flights = std::vector<Flight>(static_cast<size_t>(connections * in_flight));
	for (size_t i = 0; i < flights.size(); i++) {
		flights[i].asker = this;
		flights[i].stub = stubs[i / static_cast<size_t>(in_flight)].get();
	}
	return true;
}

void Asker::start(Flight *flight)
{
	flight->begin_ns = now_ns();
	flight->context = std::make_unique<grpc::ClientContext>();
	flight->stub->async()->Ask(flight->context.get(), &request, &flight->response,
				   [flight](grpc::Status status) {
					   flight->asker->land(flight, status);
				   });
}

void Asker::land(Flight *flight, const grpc::Status &status)
{
	int64_t at_ns = now_ns();

	if (!status.ok()) {
		std::fprintf(stderr, "bench_grpc: %s\n", status.error_message().c_str());
		std::_Exit(1);
	}
	flight->calls++;
	if (flights.size() == 1) {
		flight->latencies_ns.push_back(at_ns - flight->begin_ns);
	}
	if (at_ns < end_ns) {
		start(flight);
		return;
	}
	std::lock_guard<std::mutex> guard(lock);
	if (--in_the_air == 0) {
		landed.notify_one();
	}
}

void Asker::run(int64_t duration_ns)
{
	end_ns = now_ns() + duration_ns;
	in_the_air = flights.size();
	for (Flight &flight : flights) {
		flight.calls = 0;
		flight.latencies_ns.clear();
		start(&flight);
	}
	std::unique_lock<std::mutex> guard(lock);
	landed.wait(guard, [this] { return in_the_air == 0; });
}

void answer(const Asker *asker)
{
	double p50_us = 0;
	double p99_us = 0;
	uint64_t calls = 0;

	if (asker != nullptr) {
		std::vector<int64_t> latencies_ns = asker->flights[0].latencies_ns;
		std::sort(latencies_ns.begin(), latencies_ns.end());
		if (!latencies_ns.empty()) {
			p50_us = static_cast<double>(latencies_ns[latencies_ns.size() / 2]) / 1000;
			p99_us =
				static_cast<double>(latencies_ns[latencies_ns.size() * 99 / 100]) /
				1000;
		}
		for (const Flight &flight : asker->flights) {
			calls += flight.calls;
		}
	}
	std::printf("ok %.3f %.3f %lu\n", p50_us, p99_us, static_cast<unsigned long>(calls));
	std::fflush(stdout);
}

int ask(const Places &places)
{
	std::unique_ptr<Asker> asker;
	std::string line;

	while (std::getline(std::cin, line)) {
		std::istringstream words(line);
		std::string command;
		words >> command;
		if (command == "open") {
			std::string transport;
			int connections = 0;
			int in_flight = 0;
			size_t payload_bytes = 0;
			words >> transport >> connections >> in_flight >> payload_bytes;
			asker = std::make_unique<Asker>();
			if (!asker->open(places, transport, connections, in_flight, payload_bytes)) {
				std::puts("failed 0 0 0");
				std::fflush(stdout);
				continue;
			}
			answer(nullptr);
		} else if (command == "run" && asker != nullptr) {
			int64_t duration_ns = 0;
			words >> duration_ns;
			asker->run(duration_ns);
			answer(asker.get());
		} else {
			asker.reset();
			answer(nullptr);
		}
	}
	return 0;
}

} // namespace

int main(int argc, char **argv)
{
	Places places{};

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (argc == 3 && std::string(argv[1]) == "--serve") {
		return serve(argv[2]);
	}
	if (argc == 4 && std::string(argv[1]) == "--ask" &&
	    std::sscanf(argv[3], "%d,%d", &places.tcp_port, &places.tls_port) == 2) {
		places.folder = argv[2];
		return ask(places);
	}
	std::fputs("usage: bench_grpc --serve FOLDER | --ask FOLDER PORTS\n", stderr);
	return 2;
}
