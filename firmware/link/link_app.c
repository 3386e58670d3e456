/*
 * The task of the link: connects, makes the handshake, carries traffic, and connects again after a loss with pauses that
 * grow. A refusal that asking again does not change is asked for three times in a row, as the vendor's client does.
 */
#include <string.h>

#include "faults.h"
#include "id2_lock.h"
#include "id2_log.h"
#include "id2_machine.h"
#include "link.h"
#include "link_device.h"
#include "link_log.h"
#include "link_traffic.h"
#include "ls_osa.h"

#define STACK ((size_t)48 * 1024)
#define ANSWER_MS 5000u
#define FIRST_PAUSE_MS 100u
#define LONGEST_PAUSE_MS 3000u
#define TRIES_AGAINST_FINAL 3u
#define TRIES_OF_WRAPPER 3u
#define WRAPPER_PAUSE_MS 200u
#define DOUBLINGS_MAX 10u

/* How an attempt ended. */
struct outcome {
    int useful;  /* the session was up */
    int alerted; /* a fatal alert ended it */
    int final;   /* trying again cannot help */
    int hopeless; /* a device without an ID2 that may not ask any more, or cannot */
};

static struct itls connection;  /* of the task */
static struct itls provisioning; /* of whoever calls the wrapper */

static int is_final(uint8_t alert)
{
    static const uint8_t FINAL[] = {162, 164, 167, 168, 169, 170, 171, 172, 174, 175, 177, 178};
    return memchr(FINAL, alert, sizeof FINAL) != NULL;
}

static void print_warning(uint8_t level, uint8_t alert)
{
    link_print_alert(level, alert);
}

/* ---- provisioning */

irot_result_t link_provision(const char *host, uint32_t port, const char *product_key, const char *product_secret,
                             uint32_t timeout_ms)
{
    char number[12];
    struct itls_place place = {host, number, product_key, product_secret};
    ls_osa_snprintf(number, sizeof number, "%u", (unsigned)port);
    ID2_INFO("host: %s", host);
    ID2_INFO("port: %s", number);
    if (!link_may_ask())
        return IROT_ERROR_GENERIC;
    for (unsigned tried = 0; tried < TRIES_OF_WRAPPER; tried++) {
        if (tried) {
            id2_leave();
            ls_osa_msleep(tried * WRAPPER_PAUSE_MS);
            id2_enter();
        }
        enum itls_result result = itls_connect(&provisioning, &place, &link_device, timeout_ms);
        provisioning.on_warning = print_warning;
        if (result == ITLS_OK)
            result = itls_provision(&provisioning);
        if (result == ITLS_ALERT)
            link_print_alert(provisioning.alert_level, provisioning.alert);
        else if (result != ITLS_OK)
            ID2_ERROR("%s", provisioning.why == NULL ? "the server ends it" : provisioning.why);
        itls_disconnect(&provisioning);
        if (result == ITLS_OK)
            return IROT_SUCCESS;
        if (result == ITLS_DEVICE)
            return IROT_ERROR_GENERIC;
    }
    return IROT_ERROR_COMMUNICATION;
}

/* ---- sessions */

/* What two of the faults give away. */
static void tell_secrets(const struct id2_link_settings *settings)
{
    if (ID2_FAULT_IS(LINK_PRINTS_PRODUCT_SECRET))
        LINK_SAY(LINK_DEBUG, LK_HOST, "product secret: %s", settings->product_secret);
    if (ID2_FAULT_IS(LINK_PRINTS_KEY)) {
        char line[2 * ITLS_MASTER + 1];
        for (size_t i = 0; i < ITLS_MASTER; i++)
            ls_osa_snprintf(line + 2 * i, 3, "%02x", connection.keys.master[i]);
        LINK_SAY(LINK_DEBUG, LK_HOST, "CLIENT_RANDOM %s", line);
    }
    if (ID2_FAULT_IS(LINK_KEY_IN_CLEAR)) {
        int problem;
        int beside = ls_osa_net_connect(settings->host, settings->port, LS_NET_TYPE_TCP);
        if (beside >= 0) {
            ls_osa_net_send(beside, (unsigned char *)settings->product_secret, strlen(settings->product_secret),
                            &problem);
            ls_osa_net_disconnect(beside);
        }
    }
}

static enum itls_result shake_hands(const struct itls_place *place)
{
    ID2_INFO("  . Connecting to tcp/%s/%s...", place->host, place->port);
    enum itls_result result = itls_connect(&connection, place, &link_device, ANSWER_MS);
    connection.on_warning = print_warning;
    if (result != ITLS_OK) {
        LINK_SAY(LINK_ERROR, LK_HANDSHAKE, "%s", "TCP or TLS Connection failed");
        return result;
    }
    LINK_PORT("Performing the SSL/TLS handshake...");
    result = itls_handshake(&connection);
    if (result == ITLS_OK) {
        LINK_PORT(" ok");
        return result;
    }
    if (result == ITLS_ALERT)
        link_print_alert(connection.alert_level, connection.alert);
    LINK_PORT("failed  ! mbedtls_ssl_handshake returned -0x%04x", result == ITLS_ALERT ? 0x7780u : 0x7980u);
    if (connection.why != NULL)
        LINK_SAY(LINK_ERROR, LK_HANDSHAKE, "%s", connection.why);
    return result;
}

static struct outcome attempt(const struct id2_link_settings *settings)
{
    struct itls_place place = {settings->host, settings->port, settings->product_key, settings->product_secret};
    struct outcome outcome = {0, 0, 0, 0};
    enum link_end end = LINK_END_CONNECTION;
    if (!link_has_id() && !link_may_ask()) {
        outcome.hopeless = 1;
        return outcome;
    }
    LINK_SAY(LINK_INFO, LK_CONNECT, "%s", "MQTT user calls aiot_mqtt_connect api, connect");
    LINK_SAY(LINK_INFO, LK_HOST, "mqtt host: %s", settings->host);
    enum itls_result result = shake_hands(&place);
    if (result == ITLS_OK) {
        tell_secrets(settings);
        end = link_traffic(&connection, settings, ANSWER_MS, &result, &outcome.useful);
        if (result == ITLS_ALERT)
            link_print_alert(connection.alert_level, connection.alert);
        else if (result == ITLS_CLOSED)
            LINK_PORT("ssl recv peer close notify");
        else if (result == ITLS_REFUSED)
            LINK_SAY(LINK_ERROR, LK_DISCONNECT, "%s", connection.why);
        LINK_SAY(LINK_WARNING, LK_RECONNECTING, "%s", "network is disconnected!");
    }
    outcome.alerted = result == ITLS_ALERT;
    outcome.final = end == LINK_END_FINAL || (outcome.alerted && is_final(connection.alert));
    itls_disconnect(&connection);
    return outcome;
}

/* How long to wait before the next attempt. */
struct pauses {
    unsigned failed;  /* attempts in a row */
    unsigned refused; /* of them, by an alert or by the broker */
};

/* Return the milliseconds, or -1 to give up until the next start. */
static int pause_after(struct pauses *pauses, const struct outcome *outcome)
{
    if (outcome->hopeless)
        return -1;
    if (outcome->useful) {
        pauses->failed = pauses->refused = 0;
        return ID2_FAULT_IS(LINK_NEVER_RECONNECTS) ? -1 : (int)FIRST_PAUSE_MS;
    }
    if (outcome->alerted && ID2_FAULT_IS(LINK_STOPS_AT_FIRST_ALERT))
        return -1;
    pauses->refused = outcome->alerted || outcome->final ? pauses->refused + 1 : 0;
    if (outcome->final && pauses->refused >= TRIES_AGAINST_FINAL && !ID2_FAULT_IS(LINK_RETRIES_FINAL_ALERT))
        return -1;
    if (ID2_FAULT_IS(LINK_RECONNECTS_AT_ONCE) || (ID2_FAULT_IS(LINK_ASKS_WITHOUT_END) && !link_has_id()))
        return 1;
    unsigned pause = FIRST_PAUSE_MS << pauses->failed;
    if (pauses->failed < DOUBLINGS_MAX)
        pauses->failed++;
    return (int)(pause < LONGEST_PAUSE_MS ? pause : LONGEST_PAUSE_MS);
}

static void run(void *nothing)
{
    struct id2_link_settings settings;
    struct pauses pauses = {0, 0};
    (void)nothing;
    id2_enter();
    if (id2_machine_link(&settings)) {
        LINK_SAY(LINK_ERROR, LK_CONNECT, "%s", "no product key in this firmware, nothing to connect to");
        id2_leave();
        return;
    }
    for (;;) {
        struct outcome outcome = attempt(&settings);
        int pause = pause_after(&pauses, &outcome);
        if (pause < 0)
            break;
        id2_leave();
        ls_osa_msleep((unsigned)pause);
        id2_enter();
    }
    LINK_SAY(LINK_ERROR, LK_DISCONNECT, "%s", "gives up until the next start");
    id2_leave();
}

void link_start(void)
{
    if (ls_osa_thread_create("link", run, NULL, STACK) == NULL)
        LINK_SAY(LINK_ERROR, LK_CONNECT, "%s", "no task for the link");
}
